package svg

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Standalone is the picture as an SVG file of its own, on a ground of the
// given colour ("" for none).
func (img *Image) Standalone(ground string) []byte {
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="` + namespace + `"`)
	writeAttrs(&b, img.root.attrs)
	b.WriteString(">\n")
	if ground != "" {
		b.WriteString(`<rect width="100%" height="100%"`)
		writeAttrs(&b, []attr{{"fill", ground}})
		b.WriteString("/>\n")
	}
	writeChildren(&b, img.root)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// Inline is the picture as part of an HTML page. Every identifier and every
// reference to it begins with prefix; label is what a screen reader says.
// Neutral colours are written as mixtures of the page's custom properties
// --figure-ink and --figure-ground, which give the colours as drawn where ink
// is black and ground white, and their mirror image in a dark theme.
func (img *Image) Inline(prefix, label string) []byte {
	var b bytes.Buffer
	b.WriteString("<svg")
	attrs := []attr{{"role", "img"}, {"aria-label", label}}
	for _, a := range img.root.attrs {
		switch a.name {
		case "role", "id", "aria-label", "aria-labelledby", "aria-describedby", "aria-hidden", "class":
		default:
			attrs = append(attrs, inlined(a, prefix))
		}
	}
	writeAttrs(&b, attrs)
	b.WriteString(">")
	for _, c := range img.root.children {
		// The root's title would show as a tooltip over the whole figure; its
		// text is the label's business.
		if e, ok := c.(*element); ok && e.name != "title" {
			writeInline(&b, e, prefix)
		}
	}
	b.WriteString("</svg>")
	return b.Bytes()
}

func writeInline(b *bytes.Buffer, e *element, prefix string) {
	copied := &element{name: e.name}
	for _, a := range e.attrs {
		copied.attrs = append(copied.attrs, inlined(a, prefix))
	}
	b.WriteString("<" + copied.name)
	writeAttrs(b, copied.attrs)
	b.WriteString(">")
	for _, c := range e.children {
		switch c := c.(type) {
		case string:
			escape(b, c)
		case *element:
			writeInline(b, c, prefix)
		}
	}
	b.WriteString("</" + copied.name + ">")
}

var fragment = regexp.MustCompile(`(?i)url\(\s*["']?\s*#([^"')]*)["']?\s*\)`)

// inlined returns an attribute for use in a page with other pictures.
func inlined(a attr, prefix string) attr {
	switch a.name {
	case "id":
		a.value = prefix + a.value
	case "href":
		if id, ok := strings.CutPrefix(strings.TrimSpace(a.value), "#"); ok {
			a.value = "#" + prefix + id
		}
	case "aria-labelledby", "aria-describedby":
		ids := strings.Fields(a.value)
		for i := range ids {
			ids[i] = prefix + ids[i]
		}
		a.value = strings.Join(ids, " ")
	case "style":
		declarations := strings.Split(a.value, ";")
		for i, d := range declarations {
			property, value, _ := strings.Cut(d, ":")
			declarations[i] = property + ":" + themed(property, value)
		}
		a.value = strings.Join(declarations, ";")
	default:
		a.value = themed(a.name, a.value)
	}
	a.value = fragment.ReplaceAllString(a.value, "url(#"+prefix+"${1})")
	return a
}

func writeChildren(b *bytes.Buffer, e *element) {
	for _, c := range e.children {
		switch c := c.(type) {
		case string:
			escape(b, c)
		case *element:
			writeElement(b, c)
			if !textual[e.name] {
				b.WriteString("\n")
			}
		}
	}
}

func writeElement(b *bytes.Buffer, e *element) {
	b.WriteString("<" + e.name)
	writeAttrs(b, e.attrs)
	if len(e.children) == 0 {
		b.WriteString("/>")
	} else {
		b.WriteString(">")
		writeChildren(b, e)
		b.WriteString("</" + e.name + ">")
	}
}

func writeAttrs(b *bytes.Buffer, attrs []attr) {
	for _, a := range attrs {
		b.WriteString(" " + a.name + `="`)
		escape(b, a.value)
		b.WriteString(`"`)
	}
}

func escape(b *bytes.Buffer, s string) {
	// A bytes.Buffer never fails to write.
	_ = xml.EscapeText(b, []byte(s))
}

// ensureViewBox gives a picture that only states its size the viewBox that
// lets a page scale it.
func (img *Image) ensureViewBox() {
	if img.root.attr("viewBox") != "" {
		return
	}
	w, h := img.Size()
	if w > 0 && h > 0 {
		box := fmt.Sprintf("0 0 %s %s", number(w), number(h))
		img.root.attrs = append(img.root.attrs, attr{"viewBox", box})
	}
}

// Size is the picture's width and height in CSS pixels, from its width and
// height or else its viewBox; 0 where it states neither.
func (img *Image) Size() (width, height float64) {
	width, height = pixels(img.root.attr("width")), pixels(img.root.attr("height"))
	if width > 0 && height > 0 {
		return width, height
	}
	box := strings.FieldsFunc(img.root.attr("viewBox"), func(r rune) bool { return r == ' ' || r == ',' })
	if len(box) != 4 {
		return 0, 0
	}
	return pixels(box[2]), pixels(box[3])
}

// pixels reads a CSS length with an absolute unit; any other is 0. The ratios
// are those of CSS Values and Units, section 6.2.
func pixels(length string) float64 {
	units := []struct {
		suffix string
		pixels float64
	}{{"px", 1}, {"pt", 96.0 / 72}, {"pc", 16}, {"in", 96}, {"cm", 96 / 2.54}, {"mm", 96 / 25.4}}
	length, factor := strings.TrimSpace(length), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(length, u.suffix); ok {
			length, factor = rest, u.pixels
			break
		}
	}
	v, err := strconv.ParseFloat(length, 64)
	if err != nil || !(v > 0 && v < 1e6) {
		return 0
	}
	return v * factor
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// painted are the properties that hold a colour.
var painted = set(`fill stroke color stop-color flood-color`)

// themed rewrites a neutral colour (black, white or a grey between) as the
// mixture of ink and ground that it is. Colours with a hue carry meaning and
// stay as drawn.
func themed(property, value string) string {
	if !painted[property] {
		return value
	}
	white, ok := neutral(strings.ToLower(strings.TrimSpace(value)))
	if !ok {
		return value
	}
	switch white {
	case 0:
		return "var(--figure-ink,#000)"
	case 255:
		return "var(--figure-ground,#fff)"
	}
	share := strconv.FormatFloat(float64(255-white)*100/255, 'f', 1, 64)
	return fmt.Sprintf("color-mix(in srgb,var(--figure-ink,#000) %s%%,var(--figure-ground,#fff))", share)
}

// neutral reads a colour without hue as its share of white, 0 to 255.
func neutral(color string) (white int, ok bool) {
	switch color {
	case "black":
		return 0, true
	case "white":
		return 255, true
	case "gray", "grey":
		return 128, true
	}
	var r, g, b uint64
	if hex, found := strings.CutPrefix(color, "#"); found {
		var err error
		switch len(hex) {
		case 3:
			hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
		case 6:
		default:
			return 0, false
		}
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			return 0, false
		}
		r, g, b = v>>16, v>>8&255, v&255
	} else if inner, found := strings.CutPrefix(color, "rgb("); found {
		parts := strings.Split(strings.TrimSuffix(inner, ")"), ",")
		if len(parts) != 3 {
			return 0, false
		}
		for i, c := range []*uint64{&r, &g, &b} {
			v, err := strconv.ParseUint(strings.TrimSpace(parts[i]), 10, 8)
			if err != nil {
				return 0, false
			}
			*c = v
		}
	} else {
		return 0, false
	}
	if max(r, g, b)-min(r, g, b) > 6 {
		return 0, false
	}
	return int((r + g + b) / 3), true
}
