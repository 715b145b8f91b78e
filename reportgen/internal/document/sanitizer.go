package document

import (
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Sanitizer makes untrusted HTML safe.
type Sanitizer struct{ policy *bluemonday.Policy }

// NewSanitizer makes a Sanitizer that lets through what user-generated content
// may hold, without identifiers (the report's own must stay unique), styles,
// and images, which would be fetched.
func NewSanitizer() *Sanitizer {
	p := bluemonday.NewPolicy()
	p.AllowStandardURLs()
	p.RequireNoFollowOnLinks(false)
	p.AllowElements("article", "aside", "section", "details", "summary", "figure", "figcaption",
		"h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "wbr", "blockquote", "pre",
		"abbr", "b", "bdi", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "rp", "rt",
		"ruby", "s", "samp", "small", "strike", "strong", "sub", "sup", "tt", "u", "var", "caption", "dl", "dt", "dd")
	p.AllowAttrs("open").OnElements("details")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("title").Matching(bluemonday.Paragraph).OnElements("abbr", "a", "span")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowLists()
	p.AllowTables()
	return &Sanitizer{p}
}

// Tags is a piece of HTML, which may open an element and not close it, without
// what is not allowed.
func (s *Sanitizer) Tags(source []byte) []byte { return s.policy.SanitizeBytes(source) }

// Fragment is HTML without what is not allowed, and balanced.
func (s *Sanitizer) Fragment(source string) string { return Balance(s.policy.Sanitize(source)) }

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
