package execute

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

func code(id, source string, tags ...any) *nbformat.Cell {
	return &nbformat.Cell{Type: nbformat.Code, ID: id, Source: source, Metadata: map[string]any{"tags": tags}}
}

func notebookOf(kernel, language string, cells ...*nbformat.Cell) *nbformat.Notebook {
	return &nbformat.Notebook{Minor: 5, Cells: cells, Metadata: map[string]any{
		"kernelspec": map[string]any{"name": kernel, "language": language, "display_name": kernel},
	}}
}

func TestInjection(t *testing.T) {
	nb := notebookOf("gonb", "go",
		code("head", "1"),
		code("p", "var day = \"sample\"\nvar n = 1", "parameters"),
		code("old", "var n = 99", "injected-parameters"),
		code("injected-parameters", "use(day)"),
	)
	other := notebookOf("python3", "python", code("p", "n = 1", "parameters"))
	plain := notebookOf("ir", "R", code("c", "1"))
	ready, err := prepare([]Input{{Name: "a", Notebook: nb}, {Name: "b", Notebook: other}, {Name: "c", Notebook: plain}},
		[]Parameter{{Name: "n", Value: Text("2")}, {Name: "day", Value: Text("/abs/day.parquet"), Shown: "day.parquet"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range ready {
		for _, c := range n.nb.Cells {
			got = append(got, n.Name+" "+c.ID+": "+c.Source)
		}
	}
	want := []string{
		"a head: 1",
		"a p: var day = \"sample\"\nvar n = 1",
		"a injected-parameters: // Parameters of this run.\nvar day = \"day.parquet\"\nvar n = 2",
		"a cell-4: use(day)",
		"b p: n = 1",
		"b injected-parameters: # Parameters of this run.\nn = 2",
		"c c: 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if ran := ready[0].code[ready[0].nb.Cells[2]]; !strings.Contains(ran, `"/abs/day.parquet"`) {
		t.Errorf("what runs is %q", ran)
	}
	if len(nb.Cells) != 4 || nb.Cells[2].ID != "old" {
		t.Error("the input was changed")
	}
}

func TestParameterErrors(t *testing.T) {
	nb := notebookOf("gonb", "go", code("p", "var day = \"sample\"\nvar n = 1", "parameters"))
	broken := notebookOf("gonb", "go", code("x", ""), code("p", "var n =\nvar", "parameters"))
	r := notebookOf("ir", "R", code("p", "n <- 1", "parameters"))
	tests := []struct {
		name string
		nb   *nbformat.Notebook
		p    Parameter
		want string
	}{
		{"unknown", nb, Parameter{Name: "baselin", Value: Text("x")}, `parameter "baselin": not declared by any notebook; they declare day, n`},
		{"type", nb, Parameter{Name: "n", Value: Text("x")}, `parameter n of a.ipynb: "x" is not a whole number`},
		{"syntax", broken, Parameter{Name: "n", Value: Text("1")}, "a.ipynb: cell 2: parameters: line "},
		{"language", r, Parameter{Name: "n", Value: Text("1")}, `parameters of notebooks in the language "r" cannot be set`},
		{"none", notebookOf("gonb", "go"), Parameter{Name: "n", Value: Text("1")}, "no notebook declares parameters"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Run(t.Context(), []Input{{Name: "a.ipynb", Notebook: tt.nb}}, Options{Parameters: []Parameter{tt.p}})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	_, err := Run(t.Context(), []Input{{Name: "a", Notebook: nb}}, Options{Parameters: []Parameter{{Name: "x"}}})
	var unknown *unknownParameterError
	if !errors.As(err, &unknown) || len(unknown.Known) != 2 {
		t.Errorf("error %v, want an UnknownParameterError", err)
	}
}
