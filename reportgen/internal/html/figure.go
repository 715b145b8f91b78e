package html

import (
	"encoding/base64"
	"fmt"
	"html/template"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// picture is a figure's picture in the page: SVG as part of it, in the colours
// of the theme; anything else embedded, on paper.
func picture(p *document.Picture) template.HTML {
	if p.Vector == nil || p.Vector.Styled {
		return embedded(p)
	}
	return template.HTML(p.Vector.Inline(p.Name+"-", p.Alt))
}

// readable is the width in CSS pixels below which a figure is not shrunk on a
// phone: it scrolls instead. The style sheet says the same in rem.
const readable = 544

// wide reports whether the picture is wider than it may be shrunk to.
func wide(p *document.Picture) bool {
	if p.Vector == nil {
		return false
	}
	width, _ := p.Vector.Size()
	return width > readable
}

// embedded is a picture as an <img> that holds its own data: an SVG with a
// style sheet cannot reach the page from there.
func embedded(p *document.Picture) template.HTML {
	media, data := p.Media, p.Data
	if p.Vector != nil {
		media, data = "image/svg+xml", p.Vector.Standalone("")
	}
	return template.HTML(fmt.Sprintf(`<img class="paper" alt="%s" src="data:%s;base64,%s">`,
		template.HTMLEscapeString(p.Alt), template.HTMLEscapeString(media), base64.StdEncoding.EncodeToString(data)))
}
