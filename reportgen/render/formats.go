package render

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// latex adds an output of text/latex: formulas, and the text between them. It returns
// false if there is no formula.
func (b *builder) latex(where document.Origin, source string) bool {
	root := ast.NewDocument()
	t := &document.Text{Root: root}
	var line ast.Node
	found := false
	add := func(n ast.Node) {
		if line == nil {
			line = ast.NewParagraph()
			root.AppendChild(root, line)
		}
		line.AppendChild(line, n)
	}
	scanner := formulaScanner{rest: source}
	for scanner.rest != "" {
		text, tex, display := scanner.next()
		for i, paragraph := range strings.Split(text, "\n\n") {
			if i > 0 {
				line = nil
			}
			if strings.TrimSpace(paragraph) != "" {
				s := ast.NewString([]byte(paragraph))
				s.SetRaw(true)
				add(s)
			}
		}
		switch {
		case tex == "":
		case display:
			root.AppendChild(root, &document.Equation{TeX: tex})
			line, found = nil, true
		default:
			add(&document.Math{Formula: document.Formula{TeX: tex}})
			found = true
		}
	}
	if !found {
		return false
	}
	b.inlines(located{t, where})
	b.texts = append(b.texts, located{t, where})
	b.add(document.Prose{Text: t})
	return true
}

// maxTree bounds the values of a JSON output that the report shows.
const maxTree = 2000

// jsonTree adds an output of application/json as a tree that a reader unfolds.
func (b *builder) jsonTree(where document.Origin, value any) {
	var s strings.Builder
	left := maxTree
	writeTree(&s, "", value, true, &left)
	if left <= 0 {
		b.warn(where, 0, "an output of application/json has more than %d values; the others are omitted", maxTree)
	}
	b.add(&document.HTML{Origin: where, Fragment: document.Fragment{Pieces: []document.Piece{{Markup: s.String()}}}})
}

// writeTree writes a value with its key.
func writeTree(s *strings.Builder, key string, value any, open bool, left *int) {
	if *left--; *left <= 0 {
		if *left == 0 {
			s.WriteString("…")
		}
		return
	}
	label := ""
	if key != "" {
		label = "<b>" + html.EscapeString(key) + "</b>: "
	}
	var keys []string
	var at func(i int) any
	var kind string
	switch v := value.(type) {
	case map[string]any:
		keys = slices.Sorted(maps.Keys(v))
		at = func(i int) any { return v[keys[i]] }
		kind = fmt.Sprintf("{%d}", len(v))
	case []any:
		for i := range v {
			keys = append(keys, fmt.Sprint(i))
		}
		at = func(i int) any { return v[i] }
		kind = fmt.Sprintf("[%d]", len(v))
	default:
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(value); err != nil {
			fmt.Fprint(&text, value)
		}
		s.WriteString(label + "<code>" + html.EscapeString(strings.TrimSpace(text.String())) + "</code>")
		return
	}
	attribute := ""
	if open {
		attribute = " open"
	}
	s.WriteString("<details" + attribute + "><summary>" + label + kind + "</summary><ul>")
	for i := range keys {
		if *left <= 0 {
			break
		}
		s.WriteString("<li>")
		writeTree(s, keys[i], at(i), false, left)
		s.WriteString("</li>")
	}
	s.WriteString("</ul></details>")
}

// playable returns the MIME type of a video or sound in an output; "" for none.
func playable(o *nbformat.Output) string {
	for _, mime := range slices.Sorted(maps.Keys(o.Data)) {
		if (strings.HasPrefix(mime, "video/") || strings.HasPrefix(mime, "audio/")) && text(o, mime) != "" {
			return mime
		}
	}
	return ""
}

// play adds a video or sound.
func (b *builder) play(c *cell, o *nbformat.Output, mime string) {
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text(o, mime)), ""))
	if err == nil {
		var picture *document.Picture
		if picture, err = moving(data, cmp.Or(outputAlt(o), text(o, mimePlain))); err == nil {
			picture.Name = b.anchors.unique("media")
			sizeOf(picture, o)
			b.add(&document.HTML{Origin: c.where, Fragment: document.Fragment{Pieces: []document.Piece{{Picture: picture}}}})
			return
		}
	}
	b.missing(c, fmt.Sprintf("%s: %v", mime, err))
}

// missing adds a box that says what the report does not show, and warns.
func (b *builder) missing(c *cell, what string) {
	b.warnOnce(c.where, "output "+what, "an output is omitted: %s", what)
	b.add(&document.HTML{Origin: c.where, Fragment: document.Fragment{Pieces: []document.Piece{
		{Markup: `<div class="alert alert-warning">An output is not shown: ` + html.EscapeString(what) + "</div>"},
	}}})
}

// sizeOf sets the size of a picture from the metadata of its output: under its MIME type,
// as IPython writes it, or for all MIME types.
func sizeOf(picture *document.Picture, o *nbformat.Output) {
	for _, m := range outputMetadata(o) {
		for _, size := range []struct {
			key   string
			field *string
		}{{"width", &picture.Width}, {"height", &picture.Height}} {
			if value, ok := m[size.key]; ok && *size.field == "" {
				if n, isNumber := value.(float64); isNumber {
					value = fmt.Sprintf("%.2f", n)
				}
				one := &document.Picture{}
				resize(one, fmt.Sprint(value), "")
				*size.field = strings.Replace(one.Width, ".00px", "px", 1)
			}
		}
	}
}

// outputAlt returns the alt text in the metadata of an output, where IPython and
// nbconvert have it.
func outputAlt(o *nbformat.Output) string {
	for _, m := range outputMetadata(o) {
		for _, key := range []string{"alt", "fig-alt", "fig.alt"} {
			if alt, ok := m[key].(string); ok && strings.TrimSpace(alt) != "" {
				return strings.TrimSpace(alt)
			}
		}
	}
	return ""
}

// outputMetadata returns the metadata of the picture or medium of an output and those
// of the output itself.
func outputMetadata(o *nbformat.Output) []map[string]any {
	var all []map[string]any
	for _, mime := range slices.Sorted(maps.Keys(o.Data)) {
		if m, ok := o.Metadata[mime].(map[string]any); ok && !strings.HasPrefix(mime, "text/") {
			all = append(all, m)
		}
	}
	return append(all, o.Metadata)
}
