// Package volatile recognizes what differs between two runs of the same notebooks although nothing changed: random
// identifiers, addresses of objects, and the times and speeds that progress bars show. Two texts that differ only in these
// are equal once both have passed the same function of this package:
//
//	same := volatile.Markup(before) == volatile.Markup(after)
//
// The results are for comparing. They are never written into a report.
//
// An identifier is recognized where only programs read it: in attributes, style sheets, scripts and widget states. A UUID
// in a text or a table is data. An address counts after the word "at", as Python prints it, or if it is in Go's heap.
package volatile

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// rule replaces what matches a pattern.
type rule struct {
	pattern *regexp.Regexp
	by      string
}

func apply(rules []rule, s string) string {
	for _, r := range rules {
		s = r.pattern.ReplaceAllString(s, r.by)
	}
	return s
}

var textRules = []rule{
	{regexp.MustCompile(`\bat 0x[0-9a-fA-F]{6,16}\b`), "at 0x…"},        // <A object at 0x7f0c5c1d2e50>
	{regexp.MustCompile(`\b0xc0[0-9a-f]{8}\b`), "0xc0…"},                // a pointer of Go
	{regexp.MustCompile(`/ipykernel_\d+/\d+\.py`), "/ipykernel_…/….py"}, // the file of a cell in a warning
	// tqdm: 20/20 [00:00<00:00, 199.84it/s] and 20it [00:00, 199.84it/s], also as HTML and JavaScript escape it
	{regexp.MustCompile(`\[(?:\d+:)?\d+:\d\d(?:(?:<|&lt;|\\u003c)[^\]\n]{1,40}|, *[\d.?]+[^\]\n]{1,20})\]`), "[…]"},
	// Keras: 1/1 ━━━━ 0s 12ms/step
	{regexp.MustCompile(`\d+s \d+[mu]?s/(?:step|epoch)`), "…/step"},
	// %time and %timeit of IPython
	{regexp.MustCompile(`CPU times: (?:user|total:)[^\n"]*?, total: [\d.]+ [a-zµμ]+`), "CPU times: …"},
	{regexp.MustCompile(`CPU times: total: [\d.]+ [a-zµμ]+`), "CPU times: …"},
	{regexp.MustCompile(`Wall time: [\d.]+ [a-zµμ]+`), "Wall time: …"},
	{regexp.MustCompile(`<dc:date>[^<]*</dc:date>`), "<dc:date/>"}, // when matplotlib drew an SVG
	{regexp.MustCompile(`[\d.]+ [nµμum]?s ± [\d.]+ [nµμum]?s per loop \([^)\n]*\)`), "… per loop"},
}

// Text returns a text, such as the output of a program, without addresses and timings.
func Text(s string) string { return apply(textRules, s) }

var identifierRules = []rule{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "…"},      // plotly, bokeh
	{regexp.MustCompile(`(^|[^0-9a-zA-Z])[0-9a-f]{32}($|[^0-9a-zA-Z])`), "$1…$2"},                  // altair, widgets
	{regexp.MustCompile(`\bT_[0-9a-f]{5}(_|\b)`), "T_…$1"},                                         // the Styler of pandas
	{regexp.MustCompile(`\bsk-(container|estimator)-id-\d+`), "sk-$1-id-…"},                        // scikit-learn
	{regexp.MustCompile(`(^|[^0-9a-zA-Z])([A-Za-z]{1,2})[0-9a-f]{10}($|[^0-9a-zA-Z])`), "$1$2…$3"}, // SVG of matplotlib
	{regexp.MustCompile(`'sha256-[A-Za-z0-9+/=]+'`), "'sha256-…'"},                                 // of a script that holds one of these
}

// Identifiers returns a style sheet, a script, or the value of an attribute without random identifiers.
func Identifiers(s string) string {
	// Matches share their neighbors, so that every second of a row is found by a second pass.
	return apply(identifierRules, apply(identifierRules, s))
}

// Markup returns HTML, SVG, or Markdown with HTML in it, without what is volatile: random identifiers in tags, style sheets
// and scripts, and addresses and timings everywhere.
func Markup(s string) string {
	var b strings.Builder
	// First as text, since the tokenizer takes <A at 0x7f0c5c1d2e50> in a code block of Markdown for a tag.
	z := html.NewTokenizer(strings.NewReader(Text(s)))
	raw := false // in a style sheet or script
	for {
		switch z.Next() {
		case html.ErrorToken:
			b.Write(z.Raw()) // what is not complete
			return b.String()
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			raw = t.Data == "style" || t.Data == "script"
			for i, a := range t.Attr {
				t.Attr[i].Val = attribute(a)
			}
			b.WriteString(t.String())
		case html.TextToken:
			text := string(z.Raw())
			if raw {
				text = Identifiers(text)
			}
			b.WriteString(text)
		case html.EndTagToken:
			raw = false
			b.Write(z.Raw())
		default:
			b.Write(z.Raw())
		}
	}
}

// svgURL begins the address of an SVG picture in a page.
const svgURL = "data:image/svg+xml;base64,"

// attribute returns the value of an attribute without identifiers, unless it is an address or words for a reader.
func attribute(a html.Attribute) string {
	if encoded, ok := strings.CutPrefix(a.Val, svgURL); ok {
		if picture, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return svgURL + Markup(string(picture))
		}
	}
	switch a.Key {
	case "href", "src", "xlink:href", "srcset", "action", "cite", "poster", "value":
		if !strings.HasPrefix(a.Val, "#") {
			return a.Val
		}
	case "alt", "title", "aria-label":
		return a.Val
	}
	return Identifiers(a.Val)
}

// maskJSON returns a value of JSON as text without random identifiers, which may also be keys. The elements of an object are
// in the order of their values, since that of random keys is random.
func maskJSON(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var fields []string
		for name, value := range v {
			fields = append(fields, quote(Identifiers(name))+":"+maskJSON(value))
		}
		slices.Sort(fields)
		return "{" + strings.Join(fields, ",") + "}"
	case []any:
		var all []string
		for _, value := range v {
			all = append(all, maskJSON(value))
		}
		return "[" + strings.Join(all, ",") + "]"
	case string:
		return quote(Identifiers(Text(v)))
	}
	return quote(v)
}

func quote(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error() // a value of JSON can be encoded
	}
	return string(b)
}

// Notebook returns an executed notebook as text without what is volatile in its outputs and in the state of its widgets.
func Notebook(nb *nbformat.Notebook) string {
	var b strings.Builder
	for _, c := range nb.Cells {
		b.WriteString(quote([]any{c.Type, c.ID, c.Source, c.Metadata, c.Extra}) + "\n")
		for _, o := range c.Outputs {
			b.WriteString(output(o) + "\n")
		}
	}
	metadata := maps.Clone(nb.Metadata)
	widgets := metadata["widgets"]
	delete(metadata, "widgets")
	b.WriteString(quote(metadata) + maskJSON(widgets))
	return b.String()
}

func output(o *nbformat.Output) string {
	parts := []string{o.Type, o.Name, Text(o.Text), o.EName, Text(o.EValue), maskJSON(o.Metadata)}
	for _, line := range o.Traceback {
		parts = append(parts, Text(line))
	}
	for _, mime := range slices.Sorted(maps.Keys(o.Data)) {
		text, isText := o.Data[mime].(string)
		switch {
		case !isText:
			text = maskJSON(o.Data[mime])
		case mime == "text/html" || mime == "image/svg+xml" || mime == "text/markdown":
			text = Markup(text)
		case strings.HasPrefix(mime, "text/"):
			text = Text(text)
		case strings.HasPrefix(mime, "application/"):
			text = Identifiers(Text(text))
		}
		parts = append(parts, mime, text)
	}
	return quote(parts)
}
