package document

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Sanitizer makes untrusted HTML safe.
type Sanitizer struct{ policy *bluemonday.Policy }

// Patterns of attribute values that the Sanitizer allows.
var (
	anchorID = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_.:-]*$`)
	alertBox = regexp.MustCompile(`^alert(?: alert-[a-z]+)*$`)
	cssValue = regexp.MustCompile(`^[\w\s#.,%()+-]*$`)
	cssCall  = regexp.MustCompile(`(?i)(\w+)\s*\(`)
)

// NewSanitizer returns a Sanitizer for the HTML that JupyterLab shows in Markdown,
// except for pictures, which package render resolves first. Style properties are
// limited to those that cannot move text over other parts of the page.
func NewSanitizer() *Sanitizer {
	p := bluemonday.NewPolicy()
	p.AllowStandardURLs()
	p.RequireNoFollowOnLinks(false)
	p.AllowElements("article", "aside", "section", "header", "footer", "details", "summary", "figure", "figcaption",
		"h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "wbr", "blockquote", "pre", "address", "main", "nav",
		"abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "i", "ins", "kbd", "label", "mark", "q", "rp", "rt",
		"ruby", "s", "samp", "progress", "meter", "small", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "caption", "dl", "dt", "dd", "a")
	p.AllowAttrs("open").OnElements("details")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("value", "min", "max", "low", "high", "optimum").Matching(bluemonday.Number).OnElements("progress", "meter")
	p.AllowAttrs("aria-label").Matching(bluemonday.Paragraph).OnElements("progress", "meter")
	p.AllowAttrs("title").Matching(bluemonday.Paragraph).Globally()
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("lang").Matching(regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)).Globally()
	p.AllowAttrs("id").Matching(anchorID).Globally()
	p.AllowAttrs("class").Matching(alertBox).OnElements("div", "p")
	p.AllowAttrs("align").Matching(bluemonday.CellAlign).OnElements("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("datetime", "cite").Matching(bluemonday.Paragraph).OnElements("time", "del", "ins")
	p.AllowAttrs("bgcolor").Matching(regexp.MustCompile(`^#?\w+$`)).OnElements("table", "tr", "td", "th")
	p.AllowStyles("color", "background-color", "background", "text-align", "text-decoration", "text-indent", "text-transform",
		"font-size", "font-weight", "font-style", "font-family", "font-variant", "line-height", "letter-spacing", "vertical-align",
		"white-space", "width", "max-width", "min-width", "height", "max-height", "overflow", "overflow-x", "overflow-y", "border", "border-left", "border-right",
		"border-top", "border-bottom", "border-color", "border-style", "border-width", "border-radius", "border-collapse",
		"border-spacing", "margin-left", "margin-right", "margin-top", "margin-bottom", "margin", "padding", "padding-left",
		"padding-right", "padding-top", "padding-bottom", "list-style", "list-style-type", "float", "clear", "columns",
		"column-count", "column-gap", "flex", "flex-direction", "flex-wrap", "flex-grow", "flex-shrink", "flex-basis", "gap", "row-gap",
		"justify-content", "align-items", "align-content", "align-self", "justify-items", "grid-template-columns", "grid-column", "display").MatchingHandler(safeStyle).Globally()
	p.AllowLists()
	p.AllowTables()
	return &Sanitizer{p}
}

// safeStyle reports whether the value of a style property loads nothing and keeps
// the element in its place: negative margins would move it over other text.
func safeStyle(value string) bool {
	if !cssValue.MatchString(value) || strings.Contains(value, "-") && regexp.MustCompile(`(?:^|[\s(])-[\d.]`).MatchString(value) {
		return false
	}
	for _, m := range cssCall.FindAllStringSubmatch(value, -1) {
		if !slices.Contains([]string{"rgb", "rgba", "hsl", "hsla", "calc"}, strings.ToLower(m[1])) {
			return false
		}
	}
	return true
}

// Tags is a piece of HTML, which may open an element and not close it, without
// what is not allowed.
func (s *Sanitizer) Tags(source string) string { return s.policy.Sanitize(source) }

// Removed returns the elements, attributes and style properties that Tags removes
// from the source, sorted and without duplicates. Attributes that do not affect what
// a reader sees, such as class, are not among them.
func (s *Sanitizer) Removed(source string) []string {
	before, after := countTags(source), countTags(s.Tags(source))
	var removed []string
	for what, n := range before {
		if element, _, isAttribute := strings.Cut(what, " "); n > after[what] && (!isAttribute || after["<"+element+">"] > 0) {
			removed = append(removed, what)
		}
	}
	slices.Sort(removed)
	return removed
}

// countTags counts the start tags of a piece of HTML, and their attributes and style
// properties.
func countTags(source string) map[string]int {
	counts := map[string]int{}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return counts
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			counts["<"+t.Data+">"]++
			for _, a := range t.Attr {
				if a.Key == "style" {
					for declaration := range strings.SplitSeq(a.Val, ";") {
						if property, _, ok := strings.Cut(declaration, ":"); ok {
							counts[t.Data+" style "+strings.ToLower(strings.TrimSpace(property))]++
						}
					}
				} else if visible(a.Key) {
					counts[t.Data+" "+a.Key]++
				}
			}
		}
	}
}

// visible reports whether removing an attribute may change what a reader sees.
func visible(attribute string) bool {
	for _, prefix := range []string{"data-", "aria-", "on", "xml", "v-", "mc:", "o:"} {
		if strings.HasPrefix(attribute, prefix) {
			return prefix == "on"
		}
	}
	return !slices.Contains([]string{
		"class", "id", "name", "rel", "target", "role", "tabindex", "border", "cellpadding", "cellspacing", "frame", "rules", "summary",
		"abbr", "axis", "translate", "spellcheck", "contenteditable", "draggable", "markdown", "type", "loading", "decoding", "download",
		"itemprop", "itemscope", "itemtype", "headers", "noshade", "compact", "size", "hreflang", "char", "charoff", "for",
	}, attribute)
}

// Escaped returns an attribute for a tag, with a space before it.
func Escaped(name, value string) string {
	return fmt.Sprintf(` %s="%s"`, name, html.EscapeString(value))
}

// Balance parses safe HTML and writes it again: elements that were left open are
// closed, and superfluous end tags cannot close the elements around the fragment.
// HTML that nests deeper than 512 elements becomes text.
func Balance(source string) string {
	context := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(source), context)
	var b strings.Builder
	for _, n := range nodes {
		if err == nil {
			err = html.Render(&b, n)
		}
	}
	if err != nil {
		return "<pre>" + html.EscapeString(source) + "</pre>"
	}
	return b.String()
}
