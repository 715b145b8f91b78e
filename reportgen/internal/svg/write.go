package svg

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
)

// Standalone is the picture as an SVG file of its own, on a ground of the
// given colour ("" for none).
func (img *Image) Standalone(ground string) []byte {
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="` + Namespace + `"`)
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

// inlined is an attribute as it stands in a page that holds other pictures.
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
