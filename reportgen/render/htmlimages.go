package render

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// image adds the picture of an <img>.
func (r *fragmentReader) image(t html.Token, raw string) {
	source := document.Attribute(t.Attr, "src")
	if r.trusted && source == "" {
		r.markup.WriteString(raw) // a script may set it
		return
	}
	picture, err := r.imagePicture(r.where, source, strings.TrimSpace(document.Attribute(t.Attr, "alt")), r.attachments)
	if r.trusted && strings.HasPrefix(source, "data:") {
		r.asWritten(picture, err, t, raw)
		return
	}
	r.picture(picture, err, t, fmt.Sprintf("the image %q", shorten([]byte(source))))
}

// asWritten adds a picture of trusted HTML, which a page shows by the author's markup. Other formats have the picture.
func (r *fragmentReader) asWritten(picture *document.Picture, err error, t html.Token, markup string) {
	if err != nil {
		r.warnOnce(r.where, "picture as written", "a picture in HTML is only in index.html: %v", err)
		r.markup.WriteString(markup)
		return
	}
	r.place(picture, t, markup)
}

// inlineSVG adds the picture of an <svg>. One of trusted HTML that refers to other parts of its page, such as to a sheet of
// icons, is only in the page.
func (r *fragmentReader) inlineSVG(t html.Token, content string) {
	label := document.Attribute(t.Attr, "aria-label")
	switch {
	case !r.trusted:
		picture, err := r.vector(r.where, []byte(content), label)
		r.picture(picture, err, t, "an inline SVG")
	case strings.Contains(content, "<symbol") || strings.Contains(content, "<use"):
		r.markup.WriteString(content)
	default:
		picture, err := r.vector(r.where, []byte(content), label)
		r.asWritten(picture, err, t, content)
	}
}

// picture adds a picture, or what it shows in words if there is an error.
func (r *fragmentReader) picture(picture *document.Picture, err error, t html.Token, what string) {
	if err != nil {
		r.warn(r.where, 0, "%s cannot be shown: %v", what, err)
		source := document.Attribute(t.Attr, "src")
		label := html.EscapeString("[" + cmp.Or(strings.TrimSpace(document.Attribute(t.Attr, "alt")), shorten([]byte(source)), "picture") + "]")
		if u, err := url.Parse(source); err == nil && slices.Contains([]string{"http", "https"}, u.Scheme) {
			r.flush()
			r.pieces = append(r.pieces, document.Piece{Link: &document.Anchor{Destination: source}})
			label += "</a>"
		}
		r.markup.WriteString(label)
		return
	}
	if picture.Alt == "" {
		r.warnOnce(r.where, "HTML alt", "pictures in HTML have no alt text; write <img alt=\"…\">")
	}
	r.place(picture, t, "")
}

// place adds a picture in the size that its element says.
func (r *fragmentReader) place(picture *document.Picture, t html.Token, markup string) {
	r.flush()
	picture.Name = r.anchors.unique("image")
	resize(picture, document.Attribute(t.Attr, "width"), document.Attribute(t.Attr, "height"))
	for declaration := range strings.SplitSeq(document.Attribute(t.Attr, "style"), ";") {
		switch property, value, _ := strings.Cut(declaration, ":"); strings.ToLower(strings.TrimSpace(property)) {
		case "width":
			resize(picture, value, "")
		case "max-width":
			if !strings.HasSuffix(strings.TrimSpace(value), "%") { // of the text's width, which may be more than the picture's
				resize(picture, value, "")
			}
		case "height":
			resize(picture, "", value)
		case "float":
			picture.Float = float(value)
		}
	}
	if picture.Float == "" {
		picture.Float = float(document.Attribute(t.Attr, "align"))
	}
	r.pieces = append(r.pieces, document.Piece{Picture: picture, Markup: markup})
}

func float(value string) string {
	if value = strings.ToLower(strings.TrimSpace(value)); value == "left" || value == "right" {
		return value
	}
	return ""
}

// cssLength matches a width or height: a number of pixels, a percentage or another
// absolute or relative length.
var cssLength = regexp.MustCompile(`^(\d{1,5}(?:\.\d+)?)\s*(px|%|em|rem|in|cm|mm|pt|pc|vw)?$`)

// resize sets the size of a picture. A size that is not a length is ignored.
func resize(picture *document.Picture, width, height string) {
	for _, size := range []struct {
		value string
		field *string
	}{{width, &picture.Width}, {height, &picture.Height}} {
		if m := cssLength.FindStringSubmatch(strings.ToLower(strings.Trim(size.value, " \t\r\n/"))); m != nil && strings.Trim(m[1], "0.") != "" {
			if m[2] == "" {
				m[2] = "px"
			}
			*size.field = m[1] + m[2]
		}
	}
}
