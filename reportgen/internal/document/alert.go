package document

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Alert is a block quote whose first line is [!NOTE] or another type, as on GitHub.
// https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts
type Alert struct {
	ast.BaseBlock
	Name     string // Note, Tip, Important, Warning or Caution
	Folded   bool   // a reader can open and close it
	Expanded bool   // a folded alert that is initially open
}

// KindAlert is the node kind of Alert.
var KindAlert = ast.NewNodeKind("Alert")

// Kind returns KindAlert.
func (*Alert) Kind() ast.NodeKind { return KindAlert }

// Dump prints the node for goldmark's debugging.
func (a *Alert) Dump(source []byte, level int) {
	ast.DumpHelper(a, source, level, map[string]string{"Name": a.Name}, nil)
}

// Box begins an alert that goes on in later cells, so that it holds blocks. BoxEnd closes it. Boxes nest.
type Box struct {
	Name     string // as of an Alert
	Title    *Text  // without content for none
	Folded   bool
	Expanded bool
}

// BoxEnd closes the innermost Box.
type BoxEnd struct {
	Folded bool // as of the box
}

func (*Box) block()   {}
func (BoxEnd) block() {}

// AlertTitle is the first child of an alert that has a title of its own.
type AlertTitle struct{ ast.BaseBlock }

// KindAlertTitle is the node kind of AlertTitle.
var KindAlertTitle = ast.NewNodeKind("AlertTitle")

// Kind returns KindAlertTitle.
func (*AlertTitle) Kind() ast.NodeKind { return KindAlertTitle }

// Dump prints the node for goldmark's debugging.
func (a *AlertTitle) Dump(source []byte, level int) { ast.DumpHelper(a, source, level, nil, nil) }

var alertMark = regexp.MustCompile(`(?i)^\[!(note|tip|important|warning|caution)\]\s*$`)

// alerts replaces block quotes that are alerts by Alert nodes.
type alerts struct{}

// Transform implements parser.ASTTransformer.
func (alerts) Transform(root *ast.Document, reader text.Reader, _ parser.Context) {
	var quotes []*ast.Blockquote
	// The walker returns no error, so neither does Walk.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if q, ok := n.(*ast.Blockquote); ok && entering {
			quotes = append(quotes, q)
		}
		return ast.WalkContinue, nil
	})
	for _, q := range quotes {
		if name := takeAlertMark(q, reader.Source()); name != "" {
			a := &Alert{Name: name}
			for n := q.FirstChild(); n != nil; n = q.FirstChild() {
				a.AppendChild(a, n)
			}
			q.Parent().ReplaceChild(q.Parent(), q, a)
		}
	}
}

// takeAlertMark removes the first line of a block quote that is an alert and returns
// the alert's type. It returns "" if the quote is not an alert or has no other line.
func takeAlertMark(q *ast.Blockquote, source []byte) string {
	p, ok := q.FirstChild().(*ast.Paragraph)
	if !ok || p.Lines().Len() == 0 || p.Lines().Len() == 1 && p.NextSibling() == nil {
		return ""
	}
	first := p.Lines().At(0)
	m := alertMark.FindSubmatch(first.Value(source))
	if m == nil {
		return ""
	}
	for n := p.FirstChild(); n != nil; n = p.FirstChild() {
		t, ok := n.(*ast.Text)
		if !ok || t.Segment.Start >= first.Stop {
			break
		}
		p.RemoveChild(p, n)
	}
	if p.FirstChild() == nil {
		q.RemoveChild(q, p)
	}
	name := strings.ToLower(string(m[1]))
	return strings.ToUpper(name[:1]) + name[1:]
}
