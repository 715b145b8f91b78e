package document

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	gast "github.com/yuin/goldmark/ast"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// filler sets every field of a value to something that no other field has.
type filler struct{ n int }

func (f *filler) word() string {
	f.n++
	return fmt.Sprintf("word%d", f.n)
}

func (f *filler) fill(t *testing.T, v reflect.Value, depth int) {
	t.Helper()
	switch v.Type() {
	case blockType:
		v.Set(reflect.ValueOf(&Stream{Spans: terminal.Parse(f.word())}))
		return
	case textType:
		v.Set(reflect.ValueOf(NewParser().ParseLine(f.word())))
		return
	case svgType:
		img, err := svg.Parse([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text>` + f.word() + `</text></svg>`))
		if err != nil {
			t.Fatal(err)
		}
		v.Set(reflect.ValueOf(img))
		return
	case bytesType:
		v.SetBytes([]byte(f.word()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(t, v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(t, v.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		if depth > 8 {
			return // a table's parts are tables with parts
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(t, v.Index(0), depth+1)
	case reflect.String:
		v.SetString(f.word())
	case reflect.Int, reflect.Int64:
		f.n++
		v.SetInt(int64(f.n))
	case reflect.Uint8:
		v.SetUint('x')
	case reflect.Float64:
		f.n++
		v.SetFloat(float64(f.n))
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("a %v cannot be filled: does the codec know it?", v.Type())
	}
}

// full is a document with every kind of block, all of whose fields are set.
func full(t *testing.T) *Document {
	t.Helper()
	d := &Document{}
	f := &filler{}
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name != "Blocks" {
			f.fill(t, v.Field(i), 0)
		}
	}
	for _, b := range blocks() {
		b := reflect.New(reflect.TypeOf(b)).Elem()
		f.fill(t, b, 0)
		d.Blocks = append(d.Blocks, b.Interface().(Block))
	}
	d.Blocks = append(d.Blocks, Prose{everyNode(t, d)})
	return d
}

// everyNode is a text with every kind of node.
func everyNode(t *testing.T, d *Document) *Text {
	t.Helper()
	source := `# Heading *a* {#sec-a .b}

Text with ` + "`code`" + `, **bold**, ~~gone~~, [a link](to "title"), ![an image](none.png), <https://a.example>, <a@b.example>,
www.example.org, $x_1$, @fig-a, [@key, p. 3], <b>raw</b> &amp; a\* hard  
break.[^1]

> quoted

> [!NOTE]
> A note.

:::{tip} Its *title*
:class: dropdown
:open:
Text.
:::

1. one
2. two
   - [x] done
   - loose

---

` + "    indented\n\n```go {x}\nfenced()\n```\n" + `
<div>
block
</div>

<!-- open

comment --> closed

| a | b |
|:--|--:|
| 1 | 2 |

$$ y $$ {#eq-y}

[ref]: https://example.org "x"

[ref] and [^1]

[^1]: A note.
`
	parsed := NewParser().Parse(source)
	var last gast.Node
	err := gast.Walk(parsed.Root, func(n gast.Node, entering bool) (gast.WalkStatus, error) {
		if !entering {
			return gast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *CrossRef:
			n.Target = &Target{Kind: KindFigure, Number: "1", ID: "fig-a"}
		case *Citation:
			n.Works[0].Reference = d.References[0]
		case *gast.Image:
			last = n
		}
		return gast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last.Parent().InsertAfter(last.Parent(), last, &Image{Picture: d.Blocks[len(d.Blocks)-2].(*Figure).Picture})
	fragment := d.Blocks[slices.IndexFunc(d.Blocks, func(b Block) bool { return KindOf(b) == "html" })].(*HTML).Fragment
	last.Parent().InsertAfter(last.Parent(), last, &InlineHTML{Fragment: fragment})
	parsed.Root.AppendChild(parsed.Root, &BlockHTML{Fragment: fragment})
	s := gast.NewString([]byte("a string"))
	s.SetRaw(true)
	s.SetCode(true)
	last.Parent().InsertAfter(last.Parent(), last, s)
	return parsed
}
