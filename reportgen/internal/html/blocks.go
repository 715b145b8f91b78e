package html

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// picture is a figure's picture in the page: SVG as part of it, in the colours
// of the theme; anything else embedded, on paper.
func (p *page) picture(shown *document.Picture) template.HTML {
	if shown.Vector == nil || shown.Vector.Styled || p.images {
		return embedded(shown)
	}
	return template.HTML(shown.Vector.Inline(shown.Name+"-", shown.Alt))
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

// embedded is a picture as an element that holds its own data: an SVG with a style
// sheet cannot affect the page from there.
func embedded(p *document.Picture) template.HTML {
	media, data := p.Media, p.Data
	if p.Vector != nil {
		media, data = "image/svg+xml", p.Vector.Standalone("")
	}
	source := fmt.Sprintf("data:%s;base64,%s", template.HTMLEscapeString(media), base64.StdEncoding.EncodeToString(data))
	if p.Moving() {
		element, _, _ := strings.Cut(p.Media, "/")
		return template.HTML(fmt.Sprintf(`<%s class="paper" controls preload="metadata"%s%s src="%s"></%s>`,
			element, document.Escaped("aria-label", cmp.Or(p.Alt, element)), size(p), source, element))
	}
	return template.HTML(fmt.Sprintf(`<img class="paper%s" alt="%s"%s src="%s">`,
		floating(p), template.HTMLEscapeString(p.Alt), size(p), source))
}

func floating(p *document.Picture) string {
	if p.Float == "left" || p.Float == "right" {
		return " " + p.Float
	}
	return ""
}

// vectorSize is the width of the box around a vector picture, which fills it.
func vectorSize(p *document.Picture) template.HTMLAttr {
	if p.Vector == nil || p.Vector.Styled || p.Width == "" {
		return ""
	}
	return template.HTMLAttr(document.Escaped("style", "width: "+p.Width+";"))
}

// size is the size of a picture as a style attribute.
func size(p *document.Picture) string {
	style := ""
	if p.Width != "" {
		style = "width: " + p.Width + ";"
	}
	if p.Height != "" {
		style += "height: " + p.Height + ";"
	}
	if style == "" {
		return ""
	}
	return document.Escaped("style", style)
}

// spans is terminal text with a class for each style.
func spans(all []terminal.Span) template.HTML {
	var b strings.Builder
	for _, s := range all {
		text := template.HTMLEscapeString(s.Text)
		attributes := ""
		if len(s.Classes) > 0 {
			attributes = ` class="t-` + strings.Join(s.Classes, " t-") + `"`
		}
		if style := spanStyle(s); style != "" {
			attributes += ` style="` + style + `"`
		}
		if attributes != "" {
			text = "<span" + attributes + ">" + text + "</span>"
		}
		b.WriteString(text)
	}
	return template.HTML(b.String())
}

// The grounds of the page in the light and in the dark theme, as in the style sheet.
const (
	lightGround = "#ffffff"
	darkGround  = "#17181b"
)

// spanStyle returns the colours of terminal text that have no class, changed as far
// as needed to be readable.
func spanStyle(s terminal.Span) string {
	ground, ok := parseRGB(s.Background)
	if ok {
		text, given := parseRGB(s.Color)
		if !given || contrast(text, ground) < 4.5 {
			text = rgb{0, 0, 0}
			if contrast(text, ground) < 4.5 {
				text = rgb{1, 1, 1}
			}
		}
		return "background: " + ground.String() + "; color: " + text.String()
	}
	text, ok := parseRGB(s.Color)
	if !ok {
		return ""
	}
	light, _ := parseRGB(lightGround)
	dark, _ := parseRGB(darkGround)
	return fmt.Sprintf("color: light-dark(%s, %s)", text.readable(light, rgb{0, 0, 0}), text.readable(dark, rgb{1, 1, 1}))
}

// rgb is a colour with parts from 0 to 1.
type rgb [3]float64

func parseRGB(hex string) (rgb, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if len(hex) != 7 || err != nil {
		return rgb{}, false
	}
	return rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, true
}

// String returns the colour as CSS.
func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(c[0]*255+0.5), int(c[1]*255+0.5), int(c[2]*255+0.5))
}

// readable mixes the colour with another until its contrast to the ground is 4.5.
func (c rgb) readable(ground, with rgb) rgb {
	mixed := c
	for i := 0.0; i <= 1 && contrast(mixed, ground) < 4.6; i += 0.05 {
		for j := range mixed {
			mixed[j] = c[j]*(1-i) + with[j]*i
		}
	}
	return mixed
}

// contrast is the contrast ratio of WCAG 2.2
// (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio).
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func (c rgb) luminance() float64 {
	var linear rgb
	for i, v := range c {
		if linear[i] = v / 12.92; v > 0.04045 {
			linear[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*linear[0] + 0.7152*linear[1] + 0.0722*linear[2]
}

// longText is the number of characters from which a text is prose, which a narrow
// column would set one word below the other.
const longText = 30

// shortText is the greatest number of characters of a quantity or word that is not broken between lines.
const shortText = 14

// classes are the style classes of the cells of each column: n for numbers, long
// for prose, short for quantities and words, "" for others.
func classes(t *document.Table) []string {
	all := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if c.Numeric {
			all[i] = "n"
			continue
		}
		widest := 0
		for _, row := range t.Rows {
			widest = max(widest, utf8.RuneCountInString(row[i].Text))
		}
		switch {
		case widest >= longText:
			all[i] = "long"
		case widest <= shortText && widest > 0:
			all[i] = "short"
		}
	}
	return all
}
