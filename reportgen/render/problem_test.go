package render_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

const bar = `<svg viewBox="0 0 10 10"><rect width="10" height="10"/></svg>`

func markdownCell(source string) *nbformat.Cell {
	return &nbformat.Cell{Type: nbformat.Markdown, ID: "text", Source: source}
}

func codeCell(source string, outputs ...*nbformat.Output) *nbformat.Cell {
	return &nbformat.Cell{Type: nbformat.Code, ID: "code", Source: source, Outputs: outputs}
}

func tagged(c *nbformat.Cell, tags ...any) *nbformat.Cell {
	c.Metadata = map[string]any{"tags": tags}
	return c
}

func displayed(data map[string]any, said any) *nbformat.Output {
	o := &nbformat.Output{Type: nbformat.DisplayData, Data: data, Metadata: map[string]any{}}
	if said != nil {
		o.Metadata["reportgen"] = said
	}
	return o
}

func figureOutput(label, alt string) *nbformat.Output {
	return displayed(map[string]any{"image/svg+xml": bar},
		map[string]any{"kind": "figure", "label": label, "caption": "A bar.", "alt": alt})
}

func failing() *nbformat.Output {
	return &nbformat.Output{Type: nbformat.Error, EName: "boom", EValue: "it broke", Traceback: []string{"\x1b[31mline 1\x1b[0m"}}
}

func notebook(cells ...*nbformat.Cell) render.Input {
	return render.Input{Name: "a.ipynb", Notebook: &nbformat.Notebook{Minor: 5, Cells: cells}}
}

// TestProblems gives faults of notebooks with the whole error: the place, what
// is wrong, and what to do.
func TestProblems(t *testing.T) {
	for _, test := range []struct {
		name  string
		cells []*nbformat.Cell
		want  []string
	}{
		{"reference to nothing",
			[]*nbformat.Cell{markdownCell("# A\n\nText,\nsee @fig-x.")},
			[]string{"a.ipynb, cell 1 (text), line 4: @fig-x: no figure, table or section has this label"}},
		{"link to nothing",
			[]*nbformat.Cell{markdownCell("# A\n\n[x](#nowhere)")},
			[]string{`a.ipynb, cell 1 (text): dead link to "#nowhere": no section, figure, table or cell has this anchor`}},
		{"figure without alt text",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("", figureOutput("fig-x", ""))},
			[]string{"a.ipynb, cell 2 (code): a figure (fig-x) has no alt text; add #| fig-alt: … at the top of the cell"}},
		{"picture without caption and alt text",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("", displayed(map[string]any{"image/svg+xml": bar}, nil))},
			[]string{"a.ipynb, cell 2 (code): a figure has no alt text; add #| fig-alt: … at the top of the cell"}},
		{"label twice",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("", figureOutput("fig-x", "a")), codeCell("", figureOutput("fig-x", "b"))},
			[]string{`a.ipynb, cell 3 (code): the label "fig-x" is already used by Figure 1.1 (a.ipynb, cell 2 (code)); choose another`}},
		{"label of another kind",
			[]*nbformat.Cell{markdownCell("# A {#fig-a}"), codeCell("", figureOutput("tbl-x", "a"))},
			[]string{`a.ipynb, cell 1 (text), line 1: the label "fig-a" is for a figure, but this is a section`,
				`a.ipynb, cell 2 (code): the label "tbl-x" is for a table, but this is a figure`}},
		{"label that cannot be referred to",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("", figureOutput("Figure 1", "a"))},
			[]string{`a.ipynb, cell 2 (code): the label "Figure 1" cannot be referred to; use fig-, tbl-, sec-, eq- or lst- followed by letters, digits, - and _`}},
		{"not a picture",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("//| fig-alt: a", displayed(map[string]any{"image/png": "aGVsbG8="}, nil))},
			[]string{"a.ipynb, cell 2 (code): a figure cannot be shown: declared as image/png, but its data is text/plain; charset=utf-8"}},
		{"not a table",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("", displayed(map[string]any{"application/vnd.dataresource+json": "{}"},
				map[string]any{"kind": "table", "label": "tbl-x", "caption": "c"}))},
			[]string{"a.ipynb, cell 2 (code): a table (tbl-x) cannot be printed: schema.fields is empty"}},
		{"unknown kind",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("", displayed(map[string]any{"text/plain": "x"}, map[string]any{"kind": "chart"}))},
			[]string{`a.ipynb, cell 2 (code): output metadata reportgen.kind: "chart" is neither figure nor table`}},
		{"caption without a figure",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("#| fig-cap: c\n#| tbl-cap: d\nx")},
			[]string{"a.ipynb, cell 2 (code): fig-cap has 1 captions, but the cell has 0 figures",
				"a.ipynb, cell 2 (code): tbl-cap: the cell has no table (text/html or application/vnd.dataresource+json)"}},
		{"option of a wrong type",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("//| label: fig-x\n//| echo: maybe\nx")},
			[]string{"a.ipynb, cell 2 (code), line 2: option echo: maybe is neither true nor false"}},
		{"options that are not YAML",
			[]*nbformat.Cell{markdownCell("# A"), codeCell("//| a: [\nx")},
			[]string{"a.ipynb, cell 2 (code): cell options: invalid YAML: line 1, column 4: \"[\" is not closed; add \"]\""}},
		{"empty heading",
			[]*nbformat.Cell{markdownCell("# A\n\n## <!-- -->")},
			[]string{"a.ipynb, cell 1 (text), line 3: a heading has no text; add some, or remove the #"}},
		{"remote image",
			[]*nbformat.Cell{markdownCell("# A\n\n![a](https://example.org/x.png)")},
			[]string{`a.ipynb, cell 1 (text): the image "https://example.org/x.png" cannot be shown: a report fetches nothing from the network; keep the file beside the notebook, or attach it to the cell`}},
		{"image without alt text above the folder",
			[]*nbformat.Cell{markdownCell("# A\n\n![](../secret.png)")},
			[]string{`a.ipynb, cell 1 (text): the image "../secret.png" has no alt text; write ![what it shows](…)`,
				`a.ipynb, cell 1 (text): the image "../secret.png" cannot be shown: not in the project of the notebook; copy it there`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := notebook(test.cells...)
			in.Files = fstest.MapFS{}
			d, _, err := render.Build([]render.Input{in}, render.Options{})
			if diff := cmp.Diff(test.want, problems(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if page(t, d) == "" {
				t.Error("the document of a faulty notebook has no page")
			}
		})
	}
}

// TestFailedCell: the report of a notebook that failed says so, and what the
// cell would have made is missed without an error.
func TestFailedCell(t *testing.T) {
	d, warnings, err := render.Build([]render.Input{notebook(
		markdownCell("# A\n\nSee @fig-x."), codeCell("//| echo: false\n//| output: false\nbreak()", failing()),
	)}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].String(), "@fig-x: no figure, table or section") {
		t.Errorf("warnings: %v", warnings)
	}
	if failures := d.Failures(); len(failures) != 1 || failures[0].Origin.String() != "a.ipynb, cell 2 (code)" {
		t.Errorf("failures: %v", failures)
	}
	html := page(t, d)
	md, _ := markdown(t, d)
	for _, want := range []string{"This report is incomplete.", "a.ipynb, cell 2 (code)", "boom: it broke", "@fig-x?"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page does not say %q", want)
		}
		if !strings.Contains(md, want) {
			t.Errorf("the Markdown does not say %q", want)
		}
	}
}

// TestStandIn: a sentence in place of a labelled figure lends its section to
// references.
func TestStandIn(t *testing.T) {
	sentence := displayed(map[string]any{"text/markdown": "No host did."},
		map[string]any{"kind": "figure", "label": "fig-x", "caption": "c", "alt": "a"})
	d := build(t, []render.Input{notebook(markdownCell("# A\n\n## B\n\nSee @fig-x."), codeCell("", sentence))}, render.Options{})
	if got := plain(d); !slices.Contains(got, "See Section 1.1.") || !slices.Contains(got, "No host did.") {
		t.Errorf("the prose is %q", got)
	}
}

// plain is the text of the document's prose.
func plain(d *document.Document) []string {
	var all []string
	for _, b := range d.Blocks {
		if p, ok := b.(document.Prose); ok {
			all = append(all, strings.TrimSpace(p.Plain()))
		}
	}
	return all
}

func TestWarnings(t *testing.T) {
	_, warnings, err := render.Build([]render.Input{notebook(
		&nbformat.Cell{Type: nbformat.Raw, Source: `\\LaTeX`, Metadata: map[string]any{"format": "text/latex"}},
		codeCell("//| fig-alts: a\n//| fig-alt: b", displayed(map[string]any{"image/svg+xml": `<svg onload="x"><script/></svg>`}, nil)),
		codeCell("", displayed(map[string]any{"application/x": "y"}, nil), &nbformat.Output{Type: "novel"}),
	)}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, w.String())
	}
	want := []string{
		`a.ipynb, cell 1: a cell of type "raw" is omitted; make it a Markdown cell to include it`,
		"a.ipynb, cell 2 (code), line 1: unknown option fig-alts (ignored)",
		"a.ipynb, cell 2 (code): parts of an SVG picture were removed as unsafe: <script>, svg onload",
		"a.ipynb, cell 3 (code): an output is omitted: no supported MIME type (application/x)",
		`a.ipynb, cell 3 (code): an output of type "novel" is omitted: not an output type of nbformat 4`,
		"a.ipynb: the notebook has no heading and therefore no section of its own",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
