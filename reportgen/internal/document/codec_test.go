package document

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gast "github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
)

// A document is the same after it was written and read, whatever it holds: no field and no kind is left out.
func TestCodec(t *testing.T) {
	d := full(t)
	encoded := encodedOf(t, d)
	read, err := Decode(bytes.NewReader(encoded))
	if err != nil {
		t.Fatalf("%v\n%s", err, encoded)
	}
	// Nodes know their parents and refer to a source, so they are compared as text.
	opts := cmp.Options{
		cmp.Comparer(func(a, b *Text) bool { return dump(a) == dump(b) }),
		cmp.Comparer(func(a, b *svg.Image) bool { return bytes.Equal(a.Standalone(""), b.Standalone("")) }),
	}
	if diff := cmp.Diff(d, read, opts); diff != "" {
		t.Error(diff)
	}
	if again := encodedOf(t, read); !bytes.Equal(encoded, again) {
		t.Errorf("written again it differs:\n%s\n%s", encoded, again)
	}
	citation, target := 0, 0
	if err := gast.Walk(read.Blocks[len(read.Blocks)-1].(Prose).Root, func(n gast.Node, entering bool) (gast.WalkStatus, error) {
		switch n := n.(type) {
		case *Citation:
			citation++
			if n.Works[0].Reference != read.References[0] {
				t.Error("a citation points at no reference of the document")
			}
		case *CrossRef:
			target++
		}
		return gast.WalkContinue, nil
	}); err != nil || citation == 0 || target == 0 {
		t.Errorf("%d citations, %d references, %v", citation, target, err)
	}
}

func encodedOf(t *testing.T, d *Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// dump describes a tree of nodes by what writers read of it.
func dump(t *Text) string {
	var b strings.Builder
	_ = gast.Walk(t.Root, func(n gast.Node, entering bool) (gast.WalkStatus, error) {
		if !entering {
			b.WriteString(")")
			return gast.WalkContinue, nil
		}
		fmt.Fprintf(&b, "(%v ", n.Kind())
		if n.Type() != gast.TypeInline && n.IsRaw() {
			fmt.Fprintf(&b, "%q ", n.Lines().Value(t.Source))
		}
		switch n := n.(type) {
		case *gast.Text:
			fmt.Fprintf(&b, "%q %v %v %v", n.Segment.Value(t.Source), n.SoftLineBreak(), n.HardLineBreak(), n.IsRaw())
		case *gast.String:
			fmt.Fprintf(&b, "%q %v %v", n.Value, n.IsRaw(), n.IsCode())
		case *gast.AutoLink:
			fmt.Fprintf(&b, "%q %q %v", n.Label(t.Source), n.URL(t.Source), n.AutoLinkType)
		case *gast.FencedCodeBlock:
			fmt.Fprintf(&b, "%q", n.Language(t.Source))
		case *gast.HTMLBlock:
			fmt.Fprint(&b, n.HTMLBlockType, n.HasClosure())
			if n.HasClosure() {
				fmt.Fprintf(&b, "%q", n.ClosureLine.Value(t.Source))
			}
		case *gast.RawHTML:
			fmt.Fprintf(&b, "%q", n.Segments.Value(t.Source))
		case *gast.Heading:
			fmt.Fprint(&b, n.Level)
		case *gast.List:
			fmt.Fprint(&b, n.Marker, n.IsTight, n.Start)
		case *gast.Emphasis:
			fmt.Fprint(&b, n.Level)
		case *gast.Link:
			fmt.Fprintf(&b, "%q %q", n.Destination, n.Title)
		case *gast.Image:
			fmt.Fprintf(&b, "%q %q", n.Destination, n.Title)
		case *east.Table:
			fmt.Fprint(&b, n.Alignments)
		case *east.TableCell:
			fmt.Fprint(&b, n.Alignment)
		case *east.TaskCheckBox:
			fmt.Fprint(&b, n.IsChecked)
		case *east.Footnote:
			fmt.Fprintf(&b, "%q %d", n.Ref, n.Index)
		case *east.FootnoteLink:
			fmt.Fprint(&b, n.Index, n.RefCount, n.RefIndex)
		case *east.FootnoteBacklink:
			fmt.Fprint(&b, n.Index, n.RefCount, n.RefIndex)
		case *Alert:
			b.WriteString(n.Name)
		case *Math:
			fmt.Fprintf(&b, "%q %v %q", n.TeX, n.Display, n.MathML)
		case *Equation:
			fmt.Fprintf(&b, "%q %q %q %q %q", n.TeX, n.Label, n.Number, n.ID, n.MathML)
		case *CrossRef:
			fmt.Fprintf(&b, "%q %+v", n.Label, *n.Target)
		case *Citation:
			fmt.Fprintf(&b, "%q %v %+v %+v", n.Source, n.Bare, n.Works[0].Locator, *n.Works[0].Reference)
		case *InlineHTML:
			b.WriteString(pieces(n.Fragment))
		case *BlockHTML:
			b.WriteString(pieces(n.Fragment))
		case *Image:
			fmt.Fprintf(&b, "%q %s", n.Picture.Alt, n.Picture.Vector.Standalone(""))
		}
		return gast.WalkContinue, nil
	})
	return b.String()
}

func pieces(f Fragment) string {
	var b strings.Builder
	for _, p := range f.Pieces {
		fmt.Fprintf(&b, "%q %s %+v %+v", p.Markup, p.Picture.Vector.Standalone(""), *p.Link, *p.Formula)
	}
	return b.String()
}

// Every type of block and of node that this package declares is one that the codec knows, and so is every node that
// goldmark makes of the Markdown that the parser reads.
func TestCodecKnowsEveryKind(t *testing.T) {
	known := map[string]bool{}
	for _, b := range blocks() {
		known[KindOf(b)] = true
	}
	own := map[string]bool{}
	for _, n := range nodes() {
		own[reflect.TypeOf(n).Elem().Name()] = true
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			receiver := f.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			name := receiver.(*ast.Ident).Name
			switch {
			case f.Name.Name == "block" && f.Type.Params.NumFields() == 0:
				found++
				if !known[fieldName(name)] {
					t.Errorf("blocks() lacks %s", name)
				}
			case f.Name.Name == "Kind" && !own[name]:
				t.Errorf("nodes() lacks %s", name)
			}
		}
	}
	if found != len(blocks()) {
		t.Errorf("%d types of block are declared and %d known", found, len(blocks()))
	}
	held := map[string]bool{}
	for _, b := range full(t).Blocks {
		if p, ok := b.(Prose); ok {
			_ = gast.Walk(p.Root, func(n gast.Node, _ bool) (gast.WalkStatus, error) {
				held[nodeKind(n)] = true
				return gast.WalkContinue, nil
			})
		}
	}
	for _, n := range nodes() {
		if !held[nodeKind(n)] {
			t.Errorf("no test holds a node of kind %s", nodeKind(n))
		}
	}
	for i := 1; i < 64; i++ {
		kind, ok := kindName(gast.NodeKind(i))
		// The parser has no definition lists, and leaves no delimiters, labels and definitions in the tree.
		if ok && !strings.HasPrefix(kind, "Definition") && !slices.Contains([]string{"Delimiter", "LinkLabelState", "LinkReferenceDefinition"}, kind) {
			if _, err := newNode(fieldName(kind)); err != nil {
				t.Errorf("goldmark's %s: %v", kind, err)
			}
		}
	}
}

// kindName is the name of a kind, false if there is no such kind.
func kindName(kind gast.NodeKind) (name string, ok bool) {
	defer func() { ok = recover() == nil }()
	return kind.String(), true
}

func TestEncodeRefuses(t *testing.T) {
	for want, d := range map[string]*Document{
		"blocks[0]: block is nil":               {Blocks: []Block{nil}},
		"blocks[0]: unknown kind of block":      {Blocks: []Block{unknownBlock{}}},
		"blocks[0]: text: unknown kind of node": {Blocks: []Block{Prose{&Text{Root: unknownNode{}}}}},
		"blocks[0]: parts: is nil":              {Blocks: []Block{&Figure{Parts: []*Part{nil}}}},
		"abstract: text has no root":            {Abstract: &Text{}},
	} {
		if err := Encode(&bytes.Buffer{}, d); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

type unknownBlock struct{ Prose }

type unknownNode struct{ *gast.ThematicBreak }

func (unknownNode) Kind() gast.NodeKind { return gast.KindThematicBreak }

func TestDecodeRefuses(t *testing.T) {
	for source, want := range map[string]string{
		``:                              "not JSON",
		`[]`:                            "not an object",
		`null`:                          "not an object",
		`{}`:                            "unsupported version 0, want 1",
		`{"version": 2}`:                "unsupported version 2, want 1",
		`{"version": "1"}`:              "version: not a int",
		`{"version": 1, "x": 1}`:        `unknown field "x"`,
		`{"version": 1, "title": 1}`:    "title: not a string",
		`{"version": 1, "blocks": {}}`:  "blocks: not a list",
		`{"version": 1, "blocks": [1]}`: "blocks: [0]: not an object",
		`{"version": 1, "blocks": [{"kind": "poem"}]}`:                                                                                              `blocks: [0]: unknown kind of block "poem"`,
		`{"version": 1, "blocks": [{"kind": "heading"}]}`:                                                                                           "blocks: [0]: heading: has no text",
		`{"version": 1, "blocks": [{"kind": "heading", "text": null}]}`:                                                                             "blocks: [0]: heading: text: not an object",
		`{"version": 1, "blocks": [{"kind": "prose", "text": {"kind": "text"}}]}`:                                                                   "blocks: [0]: prose: text: text is not a text",
		`{"version": 1, "blocks": [{"kind": "prose", "text": {"kind": "paragraph", "children": [{"kind": "list"}]}}]}`:                              "paragraph: cannot hold list",
		`{"version": 1, "blocks": [{"kind": "prose", "text": {"kind": "document", "children": [{"kind": "tableCell"}]}}]}`:                          "document: cannot hold tableCell",
		`{"version": 1, "blocks": [{"kind": "prose", "text": {"kind": "paragraph", "lines": "x"}}]}`:                                                "paragraph: has no lines",
		`{"version": 1, "blocks": [{"kind": "table", "rows": [[{}]]}]}`:                                                                             "table: row 1 has 1 values and the table 0 columns",
		`{"version": 1, "blocks": [{"kind": "figure"}]}`:                                                                                            "figure: has no picture",
		`{"version": 1, "blocks": [{"kind": "figure", "picture": {"vector": "<p>"}}]}`:                                                              "the root element is <p>",
		`{"version": 1, "abstract": {"kind": "paragraph", "children": [{"kind": "citation", "works": [{"key": "a", "reference": {"key": "a"}}]}]}}`: `citation of "a": not in the references`,
	} {
		d, err := Decode(strings.NewReader(source))
		if err == nil || !strings.Contains(err.Error(), want) || d != nil && errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
	if _, err := Decode(strings.NewReader(`{"version": 3}`)); !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
}

// Decode returns a document that can be written and walked, or an error.
func FuzzDecode(f *testing.F) {
	p := NewParser()
	for _, source := range []string{"a *b* `c` [d](e) ![f](g) <https://h>", "| a |\n|--|\n| b |", "> - [x] c\n\n```\nd\n```\n\n<p>e</p>", "$x$ @fig-a [@b]\n\n$$ y $$"} {
		var b bytes.Buffer
		if err := Encode(&b, &Document{Title: "t", Blocks: []Block{Prose{p.Parse(source)}, &Table{Columns: []Column{{Title: "a", Numeric: true}}, Rows: [][]Value{{{"1", "1"}}}}}}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		first := encodedOf(t, d)
		again, err := Decode(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		if second := encodedOf(t, again); !bytes.Equal(first, second) {
			t.Errorf("it changes:\n%s\n%s", first, second)
		}
		for _, b := range d.Blocks {
			if p, ok := b.(Prose); ok {
				p.Plain()
			}
		}
	})
}
