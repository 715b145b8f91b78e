package typst

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// formula converts MathML, which package tex makes, to a formula of Typst. A formula
// that has no MathML is printed as its TeX.
func formula(mathML, tex string, display bool) string {
	if mathML != "" {
		nodes, err := html.ParseFragment(strings.NewReader(mathML), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
		if err == nil && len(nodes) > 0 {
			var b strings.Builder
			for _, n := range nodes {
				b.WriteString(math(n))
			}
			if body := strings.TrimSpace(b.String()); body != "" {
				if display {
					body = " " + body + " "
				}
				// TeX is what a screen reader says.
				return fmt.Sprintf("#[#set math.equation(alt: %s);$%s$]", quoted(tex), body)
			}
		}
	}
	return "#raw(" + quoted(tex) + ")"
}

// math converts a node of MathML.
func math(n *html.Node) string {
	if n.Type == html.TextNode {
		return ""
	}
	switch n.Data {
	case "mi":
		return identifier(content(n), document.Attribute(n.Attr, "mathvariant"))
	case "mn", "ms":
		return token(content(n))
	case "mo":
		return operator(content(n))
	case "mtext":
		return " " + quoted(content(n)) + " "
	case "mspace":
		return " thin "
	case "mfrac":
		if document.Attribute(n.Attr, "linethickness") == "0" || document.Attribute(n.Attr, "linethickness") == "0px" {
			return call("vec(delim: #none, gap: #0.3em, ", n, 0, 1) // its brackets are beside it
		}
		return call("frac", n, 0, 1)
	case "msqrt":
		return " sqrt(" + row(n) + ") "
	case "mroot":
		return call("root", n, 1, 0)
	case "msub", "munder":
		return attach(n, "_", "")
	case "msup", "mover":
		return attach(n, "^", "")
	case "msubsup", "munderover":
		return attach(n, "_", "^")
	case "mtable":
		return matrix(n)
	case "menclose":
		return enclosed(n)
	case "mphantom":
		return " #hide($" + row(n) + "$) "
	case "annotation", "annotation-xml":
		return ""
	}
	return row(n) // math, mrow, mstyle, mpadded, semantics and others
}

// row converts the children of a node in order. Brackets at its ends grow.
func row(n *html.Node) string {
	all := elements(n)
	var b strings.Builder
	for _, c := range all {
		b.WriteString(math(c))
	}
	// One of the brackets may be invisible.
	if len(all) > 1 && (fence(all[0]) || fence(all[len(all)-1])) {
		return " lr(" + b.String() + ") "
	}
	return b.String()
}

// fence reports whether an operator is a bracket that grows with its content.
func fence(n *html.Node) bool {
	return n.Data == "mo" && (document.Attribute(n.Attr, "fence") == "true" || document.Attribute(n.Attr, "stretchy") == "true") && content(n) != "" &&
		strings.ContainsAny(content(n), "()[]{}|‖⌊⌋⌈⌉⟨⟩")
}

func elements(n *html.Node) []*html.Node {
	var all []*html.Node
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			all = append(all, c)
		}
	}
	return all
}

func content(n *html.Node) string {
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		} else {
			b.WriteString(content(c))
		}
	}
	return strings.TrimSpace(b.String())
}

// identifier converts the name of a variable or a function.
func identifier(s, variant string) string {
	if utf8.RuneCountInString(s) == 1 {
		if variant == "normal" {
			return " upright(" + token(s) + ") "
		}
		return token(s)
	}
	return " op(" + quoted(s) + ") "
}

// operator converts an operator or a bracket.
func operator(s string) string {
	switch s {
	case "", "\u2061", "\u2062", "\u2063", "\u2064": // invisible
		return ""
	}
	if utf8.RuneCountInString(s) > 1 {
		return " op(" + quoted(s) + ") "
	}
	return token(s)
}

// token converts characters so that none has a meaning in Typst.
func token(s string) string {
	var b strings.Builder
	b.WriteByte(' ')
	for _, r := range clean(s) {
		switch {
		case unicode.IsSpace(r):
			b.WriteString(" space ")
		case r == ',' || r == ';':
			b.WriteString(quoted(string(r)))
		case r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r), unicode.In(r, unicode.Ps, unicode.Pe):
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
		if unicode.IsLetter(r) {
			b.WriteByte(' ') // letters side by side would be a name
		}
	}
	b.WriteByte(' ')
	return b.String()
}

// call converts children of n to the arguments of a function, after those that its name
// may hold.
func call(name string, n *html.Node, children ...int) string {
	all := elements(n)
	var arguments []string
	for _, i := range children {
		if i >= len(all) {
			return row(n)
		}
		arguments = append(arguments, grouped(all[i]))
	}
	if !strings.Contains(name, "(") {
		name += "("
	}
	return " " + name + strings.Join(arguments, ", ") + ") "
}

// grouped converts a node to an argument, which must not be empty.
func grouped(n *html.Node) string {
	if s := strings.TrimSpace(math(n)); s != "" {
		return s
	}
	return `""`
}

// accents are functions of Typst for what TeX puts above or below.
var accents = map[string]string{
	"^_": "underline", "_": "underline", "‾^": "overline", "¯^": "overline", "_^": "overline", "―^": "overline", "→^": "arrow", "^^": "hat", "ˆ^": "hat", "~^": "tilde", "˜^": "tilde",
	"˙^": "dot", ".^": "dot", "¨^": "dot.double", "ˇ^": "caron", "⏞^": "overbrace", "⏟_": "underbrace", "̲_": "underline", "__": "underline", "‾_": "underline", "―_": "underline", "¯_": "underline",
}

// attach converts a base with its sub- and superscripts.
func attach(n *html.Node, first, second string) string {
	all := elements(n)
	if len(all) < 2 {
		return row(n)
	}
	base := grouped(all[0])
	if second == "" && all[1].Data == "mo" {
		if accent, ok := accents[content(all[1])+first]; ok && (n.Data == "mover" || n.Data == "munder") {
			return " " + accent + "(" + base + ") "
		}
	}
	if n.Data == "munder" || n.Data == "mover" || n.Data == "munderover" {
		base = "limits(" + base + ")"
	} else {
		base = "scripts(" + base + ")"
	}
	s := " " + base + first + "(" + grouped(all[1]) + ")"
	if second != "" && len(all) > 2 {
		s += second + "(" + grouped(all[2]) + ")"
	}
	return s + " "
}

// matrix converts a table without brackets, which are operators around it.
func matrix(n *html.Node) string {
	var rows []string
	for _, r := range elements(n) {
		var cells []string
		for _, c := range elements(r) {
			cells = append(cells, grouped(c))
		}
		rows = append(rows, strings.Join(cells, ", "))
	}
	return " mat(delim: #none, " + strings.Join(rows, "; ") + ") "
}

// enclosed converts lines through a formula.
func enclosed(n *html.Node) string {
	notation, s := document.Attribute(n.Attr, "notation"), row(n)
	if strings.Contains(notation, "updiagonalstrike") {
		s = " cancel(" + s + ") "
	}
	if strings.Contains(notation, "downdiagonalstrike") {
		s = " cancel(inverted: #true, " + s + ") "
	}
	if strings.Contains(notation, "horizontalstrike") {
		s = " cancel(angle: #90deg, " + s + ") "
	}
	if strings.Contains(notation, "top") {
		s = " overline(" + s + ") "
	}
	if strings.Contains(notation, "bottom") {
		s = " underline(" + s + ") "
	}
	if strings.Contains(notation, "box") {
		s = fmt.Sprintf(" #box(stroke: 0.4pt, inset: 2pt, $%s$) ", s)
	}
	return s
}
