package document

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// nodes returns a node of each kind that a text may hold.
func nodes() []ast.Node {
	return []ast.Node{
		&ast.Document{}, &ast.Paragraph{}, &ast.TextBlock{}, &ast.Heading{}, &ast.ThematicBreak{}, &ast.CodeBlock{},
		&ast.FencedCodeBlock{}, &ast.Blockquote{}, &ast.List{}, &ast.ListItem{}, ast.NewHTMLBlock(0),
		&ast.Text{}, &ast.String{}, &ast.CodeSpan{}, &ast.Emphasis{}, &ast.Link{}, &ast.Image{}, &ast.AutoLink{}, &ast.RawHTML{},
		&east.Table{}, &east.TableHeader{}, &east.TableRow{}, &east.TableCell{}, &east.Strikethrough{}, &east.TaskCheckBox{},
		&east.Footnote{}, &east.FootnoteList{}, &east.FootnoteLink{}, &east.FootnoteBacklink{},
		&Alert{}, &AlertTitle{}, &Math{}, &Equation{}, &CrossRef{}, &Citation{}, &Image{}, &InlineHTML{}, &BlockHTML{},
	}
}

// newNode returns a new node of the kind with the given name.
func newNode(kind string) (ast.Node, error) {
	for _, n := range nodes() {
		if nodeKind(n) == kind {
			return n, nil
		}
	}
	return nil, fmt.Errorf("unknown kind of node %q", kind)
}

func nodeKind(n ast.Node) string { return fieldName(n.Kind().String()) }

var (
	segmentType  = reflect.TypeFor[text.Segment]()
	segmentsType = reflect.TypeFor[*text.Segments]()
	textNodeType = reflect.TypeFor[*ast.Text]()
)

// encodeNode writes a node and those below it.
func encodeNode(b *bytes.Buffer, n ast.Node, source []byte) error {
	kind := nodeKind(n)
	if known, err := newNode(kind); err != nil || reflect.TypeOf(known) != reflect.TypeOf(n) {
		return fmt.Errorf("unknown kind of node %T", n)
	}
	fmt.Fprintf(b, `{"kind":%q`, kind)
	field := func(name, value string) error {
		if value == "" {
			return nil
		}
		fmt.Fprintf(b, ",%q:", name)
		return encodeString(b, value)
	}
	flag := func(name string, set bool) {
		if set {
			fmt.Fprintf(b, ",%q:true", name)
		}
	}
	var err error
	switch n := n.(type) {
	case *ast.Text:
		err = field("text", string(n.Segment.Value(source)))
		switch {
		case n.HardLineBreak():
			err = errors.Join(err, field("break", "hard"))
		case n.SoftLineBreak():
			err = errors.Join(err, field("break", "soft"))
		}
		flag("raw", n.IsRaw())
	case *ast.String:
		err = field("text", string(n.Value))
		flag("raw", n.IsRaw())
		flag("code", n.IsCode())
	case *ast.AutoLink:
		err = errors.Join(field("text", string(n.Label(source))), field("protocol", string(n.Protocol)))
		flag("email", n.AutoLinkType == ast.AutoLinkEmail)
	default:
		err = encodeNodeFields(b, reflect.ValueOf(n).Elem(), source)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	if n.Type() != ast.TypeInline && n.IsRaw() {
		if err := field("lines", string(n.Lines().Value(source))); err != nil {
			return err
		}
	}
	return encodeChildren(b, n, source)
}

func encodeChildren(b *bytes.Buffer, n ast.Node, source []byte) error {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c == n.FirstChild() {
			b.WriteString(`,"children":[`)
		} else {
			b.WriteByte(',')
		}
		if err := encodeNode(b, c, source); err != nil {
			return err
		}
	}
	if n.HasChildren() {
		b.WriteByte(']')
	}
	b.WriteByte('}')
	return nil
}

// nodeFields calls f with the fields of a node, except those that no reader sees: how a link was written, and offsets in
// the source.
func nodeFields(v reflect.Value, f func(name string, field reflect.Value) error) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch {
		case field.Anonymous && strings.HasPrefix(field.Name, "Base"), field.Name == "Offset", field.Name == "Reference":
		case field.Anonymous:
			if err := nodeFields(v.Field(i), f); err != nil {
				return err
			}
		case field.IsExported():
			if err := f(fieldName(field.Name), v.Field(i)); err != nil {
				return fmt.Errorf("%s: %w", fieldName(field.Name), err)
			}
		}
	}
	return nil
}

func encodeNodeFields(b *bytes.Buffer, v reflect.Value, source []byte) error {
	return nodeFields(v, func(name string, v reflect.Value) error {
		if v.IsZero() {
			return nil
		}
		value := ""
		switch v.Type() {
		case bytesType:
			value = string(v.Bytes())
		case segmentType:
			if s := v.Interface().(text.Segment); s.Start >= 0 { // an HTML block may have no closing line
				value = string(s.Value(source))
			}
		case segmentsType:
			value = string(v.Interface().(*text.Segments).Value(source))
		case textNodeType:
			value = string(v.Interface().(*ast.Text).Segment.Value(source))
		default:
			fmt.Fprintf(b, ",%q:", name)
			return encode(b, v, source)
		}
		if value == "" {
			return nil
		}
		fmt.Fprintf(b, ",%q:", name)
		return encodeString(b, value)
	})
}

// nodeDecoder decodes the nodes of one text, whose source it collects.
type nodeDecoder struct {
	*decoder
	source []byte
}

// segment appends to the source.
func (d *nodeDecoder) segment(s string) text.Segment {
	start := len(d.source)
	d.source = append(d.source, s...)
	return text.NewSegment(start, len(d.source))
}

func (d *nodeDecoder) node(raw any) (ast.Node, error) {
	kind, fields, err := kindAndFields(raw)
	if err != nil {
		return nil, err
	}
	n, err := newNode(kind)
	if err != nil {
		return nil, err
	}
	if n, err = d.fields(n, fields); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if err := complete(n); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	lines, err := take[string](fields, "lines")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if lines != "" {
		if n.Type() == ast.TypeInline || !n.IsRaw() {
			return nil, fmt.Errorf("%s: has no lines", kind)
		}
		for line := range strings.Lines(lines) {
			n.Lines().Append(d.segment(line))
		}
	}
	children, err := take[[]any](fields, "children")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if err := noMore(fields); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	for _, raw := range children {
		child, err := d.node(raw)
		if err != nil {
			return nil, err
		}
		if !allowed(n, child) {
			return nil, fmt.Errorf("%s: cannot hold %s", kind, nodeKind(child))
		}
		n.AppendChild(n, child)
	}
	return n, nil
}

// fields decodes what a node says itself.
func (d *nodeDecoder) fields(n ast.Node, fields map[string]any) (ast.Node, error) {
	var errs []error
	word := func(name string) string {
		s, err := take[string](fields, name)
		errs = append(errs, err)
		return s
	}
	flag := func(name string) bool {
		set, err := take[bool](fields, name)
		errs = append(errs, err)
		return set
	}
	switch t := n.(type) {
	case *ast.Text:
		t.Segment = d.segment(word("text"))
		switch broken := word("break"); broken {
		case "hard":
			t.SetHardLineBreak(true)
		case "soft":
			t.SetSoftLineBreak(true)
		case "":
		default:
			errs = append(errs, fmt.Errorf("break: %q is neither hard nor soft", broken))
		}
		t.SetRaw(flag("raw"))
	case *ast.String:
		t.Value = []byte(word("text"))
		t.SetRaw(flag("raw"))
		t.SetCode(flag("code"))
	case *ast.AutoLink:
		kind := ast.AutoLinkURL
		label := ast.NewTextSegment(d.segment(word("text")))
		if flag("email") {
			kind = ast.AutoLinkEmail
		}
		link := ast.NewAutoLink(kind, label)
		if protocol := word("protocol"); protocol != "" {
			link.Protocol = []byte(protocol)
		}
		n = link
	default:
		errs = append(errs, d.exported(reflect.ValueOf(n).Elem(), fields))
	}
	return n, errors.Join(errs...)
}

// exported decodes the exported fields of a node.
func (d *nodeDecoder) exported(v reflect.Value, fields map[string]any) error {
	return nodeFields(v, func(name string, v reflect.Value) error {
		raw, there := fields[name]
		if !there {
			if v.Type() == segmentsType {
				v.Set(reflect.ValueOf(text.NewSegments()))
			}
			return nil
		}
		delete(fields, name)
		switch v.Type() {
		case bytesType, segmentType, segmentsType, textNodeType:
		default:
			return d.value(raw, v)
		}
		s, ok := raw.(string)
		if !ok {
			return errors.New("not a string")
		}
		switch v.Type() {
		case bytesType:
			v.SetBytes([]byte(s))
		case segmentType:
			v.Set(reflect.ValueOf(d.segment(s)))
		case segmentsType:
			all := text.NewSegments()
			all.Append(d.segment(s))
			v.Set(reflect.ValueOf(all))
		case textNodeType:
			v.Set(reflect.ValueOf(ast.NewTextSegment(d.segment(s))))
		}
		return nil
	})
}

// allowed reports whether a node may hold another, as the writers of documents expect.
func allowed(parent, child ast.Node) bool {
	switch child.(type) {
	case *ast.ListItem:
		return parent.Kind() == ast.KindList
	case *east.TableHeader, *east.TableRow:
		return parent.Kind() == east.KindTable
	case *east.TableCell:
		return parent.Kind() == east.KindTableHeader || parent.Kind() == east.KindTableRow
	case *ast.Document:
		return false
	case *AlertTitle:
		return parent.Kind() == KindAlert && !parent.HasChildren()
	case *east.FootnoteBacklink:
		return parent.Kind() == east.KindFootnote || parent.Kind() == ast.KindParagraph
	}
	containers := []ast.NodeKind{ast.KindDocument, ast.KindBlockquote, ast.KindListItem, KindAlert, east.KindFootnote, east.KindFootnoteList}
	lines := []ast.NodeKind{
		ast.KindParagraph, ast.KindTextBlock, ast.KindHeading, east.KindTableCell, KindAlertTitle,
		ast.KindCodeSpan, ast.KindEmphasis, ast.KindLink, ast.KindImage, east.KindStrikethrough,
	}
	if child.Type() == ast.TypeInline {
		return slices.Contains(lines, parent.Kind())
	}
	return slices.Contains(containers, parent.Kind())
}
