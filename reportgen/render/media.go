package render

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// media adds a video or sound: that of its src, or of the first <source> that can be
// read.
func (r *fragmentReader) media(t html.Token, content string) {
	sources := []string{attributeOf(t, "src")}
	z := html.NewTokenizer(strings.NewReader(content))
	var inside strings.Builder
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if kind == html.TextToken {
			inside.Write(z.Text())
		} else if child := z.Token(); child.Data == "source" {
			sources = append(sources, attributeOf(child, "src"))
		}
	}
	err := errors.New("it has no source")
	for _, source := range sources {
		if source == "" {
			continue
		}
		var data []byte
		if data, err = r.imageData(source, r.attachments); err != nil {
			continue
		}
		var picture *document.Picture
		if picture, err = moving(data, strings.Join(strings.Fields(inside.String()), " ")); err == nil {
			r.picture(picture, nil, t, "")
			return
		}
	}
	r.picture(nil, err, t, "a <"+t.Data+">")
}

// embedded adds a link in place of another page, which a report does not load.
func (r *fragmentReader) embedded(t html.Token, raw string, closed bool) {
	if t.Data == "iframe" || t.Data == "object" {
		raw = r.rest(raw, t.Data, closed)
	}
	source := attributeOf(t, "src") + attributeOf(t, "data")
	if r.trusted && source == "" && attributeOf(t, "srcdoc") != "" {
		// folium and others embed a page with its scripts.
		r.warnOnce(r.where, "srcdoc", "an output embeds a page with scripts; parts that it loads from elsewhere are missing")
		r.markup.WriteString(raw)
		return
	}
	r.warnOnce(r.where, "embedded "+source, "an embedded page is not shown: %s; the report links to it", shorten([]byte(source)))
	label := fmt.Sprintf("[embedded page: %s]", shorten([]byte(source)))
	if u, err := url.Parse(source); err == nil && slices.Contains([]string{"http", "https"}, u.Scheme) {
		r.flush()
		r.pieces = append(r.pieces, document.Piece{Link: &document.Anchor{Destination: source}})
		r.markup.WriteString(html.EscapeString(label) + "</a>")
		return
	}
	r.markup.WriteString(html.EscapeString(label))
}
