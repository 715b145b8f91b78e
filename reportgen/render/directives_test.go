package render_test

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// in returns a notebook of the cells in a language.
func in(language string, cells ...*nbformat.Cell) []render.Input {
	nb := &nbformat.Notebook{Minor: 5, Metadata: map[string]any{"language_info": map[string]any{"name": language}}}
	nb.Cells = append([]*nbformat.Cell{markdownCell("# Title")}, cells...)
	return []render.Input{{Name: "a.ipynb", Notebook: nb}}
}

func printed(text string) *nbformat.Output {
	return &nbformat.Output{Type: nbformat.Stream, Name: "stdout", Text: text}
}

// Directives of nbdev are not YAML: they are applied or skipped, and the other options of the cell count.
func TestDirectives(t *testing.T) {
	for _, tt := range []struct {
		source  string
		want    []string
		without []string
		warning string
	}{
		{"#|default_exp core\nx = 1", []string{"x = 1", "seen"}, []string{"default_exp"}, ""},
		{"#| export some.module\n#| echo: false\nx = 1", []string{"seen"}, []string{"x = 1"}, ""},
		{"#|hide\nx = 1", nil, []string{"x = 1", "seen"}, ""},
		{"#| hide_input\nx = 1", []string{"seen"}, []string{"x = 1"}, ""},
		{"#| hide_output\nx = 1", []string{"x = 1"}, []string{"seen"}, ""},
		{"#| collapse_input\nx = 1", []string{"<details>", "x = 1", "seen"}, nil, ""},
		{"#| export foo.bar: x\n#| echo: false\ny = 1", []string{"seen"}, []string{"y = 1"}, ""},
		{"#|  hide_input\nx = 1", []string{"seen"}, []string{"x = 1"}, ""},
		{"#| fold-show\nx = 1", []string{"x = 1", "seen"}, nil, "unknown directive fold-show (ignored)"},
		{"#| sparkle brightly\nx = 1", []string{"x = 1", "seen"}, nil, "unknown directive sparkle (ignored)"},
		{"#| tags:\n#|   hide\nx = 1", []string{"x = 1", "seen"}, nil, ""},
		{"#|filter_stream Drop drop\nx = 1", []string{"x = 1", "seen"}, []string{"Drop"}, ""},
		{"def f():\n    x = 1 #|hide_line\n    return 2 # | hide_line\nf()", []string{"def f():\nf()", "seen"}, nil, ""},
		{"%%time\n#| hide_input\nx = 1", []string{"seen"}, []string{"x = 1", "%%time"}, ""},
		{"%%bash\n%%x\n#| output: false\nx = 1", []string{"%%bash\n%%x\nx = 1"}, []string{"seen"}, ""},
		{"# | echo: false\n# | label: a\nx = 1", []string{"seen"}, []string{"x = 1"}, ""},
		{"# | hide\nx = 1", nil, []string{"x = 1", "seen"}, ""},
		{"# | a | b |\n# | 1 | 2 |\nx = 1", []string{"# | a | b |", "x = 1", "seen"}, nil, ""},
		{"#| lst-cap:\n#|   a caption\n#| label: lst-x\nx = 1", []string{"a caption", "x = 1"}, nil, ""},
	} {
		d, warnings, err := render.Build(in("python", codeCell(tt.source, printed("Drop this\nseen\n"))), render.Options{})
		if err != nil {
			t.Errorf("%q: %v", tt.source, err)
		}
		md, _ := markdown(t, d)
		for _, want := range tt.want {
			if !strings.Contains(md, want) {
				t.Errorf("%q: no %q in\n%s", tt.source, want, md)
			}
		}
		for _, not := range tt.without {
			if strings.Contains(md, not) {
				t.Errorf("%q: %q in\n%s", tt.source, not, md)
			}
		}
		text := ""
		for _, w := range warnings {
			text += w.String()
		}
		if !strings.Contains(text, tt.warning) || tt.warning == "" && text != "" {
			t.Errorf("%q: warnings %q, want %q", tt.source, text, tt.warning)
		}
	}
}

// The alt text is taken from where other tools keep it, and a hint is written in the notebook's language.
func TestAltText(t *testing.T) {
	picture := func(metadata map[string]any) *nbformat.Output {
		return &nbformat.Output{Type: nbformat.DisplayData, Data: map[string]any{"image/png": onePixel}, Metadata: metadata}
	}
	with := func(cell *nbformat.Cell, metadata map[string]any) *nbformat.Cell {
		cell.Metadata = metadata
		return cell
	}
	alt := map[string]any{"alt": "A rising line"}
	for _, tt := range []struct {
		name, language string
		cell           *nbformat.Cell
		problem        string
	}{
		{"of the picture", "python", codeCell("x", picture(map[string]any{"image/png": alt})), ""},
		{"of the output", "python", codeCell("x", picture(alt)), ""},
		{"of the cell", "python", with(codeCell("x", picture(nil)), alt), ""},
		{"of MyST", "python", with(codeCell("x", picture(nil)), map[string]any{"mystnb": map[string]any{"image": alt}}), ""},
		{"of Quarto", "python", codeCell("#| fig-alt: A rising line\nx", picture(nil)), ""},
		{"none, in Python", "python", codeCell("x", picture(nil)), "a.ipynb, cell 2 (code): a figure has no alt text; add #| fig-alt: … at the top of the cell"},
		{"none, in Go", "go", codeCell("x", picture(nil)), "add //| fig-alt: … at the top of the cell, or use nb.Alt(…)"},
		{"none, in a part", "julia", codeCell("#| fig-cap: a\n#| fig-subcap: [b]\nx", picture(nil)), `add #| fig-alt: ["…", "…"] at the top of the cell`},
	} {
		d, _, err := render.Build(in(tt.language, tt.cell), render.Options{})
		if tt.problem == "" {
			if html := page(t, d); err != nil || !strings.Contains(html, `alt="A rising line"`) {
				t.Errorf("%s: %v", tt.name, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.problem)
		}
	}
}

// MyST-NB has the caption and label of a figure in the cell's metadata.
func TestFigureOfMyST(t *testing.T) {
	for _, key := range []string{"mystnb", "render"} {
		c := codeCell("plot()", displayed(map[string]any{"image/svg+xml": bar}, nil))
		c.Metadata = map[string]any{key: map[string]any{
			"figure": map[string]any{"caption": "Fish\n", "name": "fig-fish"}, "image": map[string]any{"alt": "two fish"},
		}}
		d := build(t, notebooks(markdownCell("# A"), c, markdownCell("See @fig-fish.")), render.Options{})
		if md, _ := markdown(t, d); !strings.Contains(md, "![two fish]") || !strings.Contains(md, "**Figure 1.1** Fish") || !strings.Contains(md, "See [Figure 1.1](#fig-fish).") {
			t.Errorf("%s:\n%s", key, md)
		}
	}
}
