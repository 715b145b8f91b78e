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
	sources := []string{document.Attribute(t.Attr, "src")}
	z := html.NewTokenizer(strings.NewReader(content))
	var inside strings.Builder
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if kind == html.TextToken {
			inside.Write(z.Text())
		} else if child := z.Token(); child.Data == "source" {
			sources = append(sources, document.Attribute(child.Attr, "src"))
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
	for _, source := range sources {
		if source != "" {
			t.Attr = append([]html.Attribute{{Key: "src", Val: source}}, t.Attr...)
			break
		}
	}
	r.picture(nil, err, t, map[string]string{"video": "a video", "audio": "a sound"}[t.Data])
}

// embedded adds a link in place of another page, which a report does not load.
func (r *fragmentReader) embedded(t html.Token, raw string, closed bool) {
	if t.Data == "iframe" || t.Data == "object" {
		raw = r.rest(raw, t.Data, closed)
	}
	source := document.Attribute(t.Attr, "src") + document.Attribute(t.Attr, "data")
	if r.trusted && source == "" && document.Attribute(t.Attr, "srcdoc") != "" {
		// folium and others embed a page with its scripts.
		r.warnOnce(r.where, "srcdoc", "an output embeds a page with scripts; parts that it loads from elsewhere are missing")
		r.markup.WriteString(raw)
		return
	}
	label := fmt.Sprintf("[embedded page: %s]", shorten([]byte(source)))
	u, err := url.Parse(source)
	if err != nil || source == "" || !slices.Contains([]string{"http", "https", ""}, u.Scheme) {
		r.warnOnce(r.where, "embedded "+source, "an embedded page is not shown: %s", shorten([]byte(source)))
		r.markup.WriteString(html.EscapeString(label))
		return
	}
	r.warnOnce(r.where, "embedded "+source, "an embedded page is not shown: %s; the report links to it", shorten([]byte(source)))
	link := &document.Anchor{Destination: source}
	r.flush()
	r.pieces = append(r.pieces, document.Piece{Link: link})
	r.links = append(r.links, rawLink{link, r.where})
	r.markup.WriteString(html.EscapeString(label) + "</a>")
}
