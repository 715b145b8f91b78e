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

// declareAll gives the line that declares each of the parameters again, or the
// error.
func declareAll(t *testing.T, lang language, source string, params []Parameter) []string {
	t.Helper()
	vars, err := lang.declared(source)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range params {
		for _, v := range vars {
			if v.name != p.Name {
				continue
			}
			line, err := lang.declare(v, p.Value)
			if err != nil {
				line = "error: " + err.Error()
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func TestGoParameters(t *testing.T) {
	source := `//| echo: false
import "time"
%noautoget
var s = "a"
var (
	n, m   = 1, -2
	f      = 0.5
	b      = true
	typed  float64 = 3
	u16 uint16
	list   = []string{"10.0.0.0/8"}
	nums   []int
	wait   = 5 * time.Minute
)
const c = 7
func helper() {}
%%
var notAParameter = 1`
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"s", Text("010"), `var s = "010"`},
		{"s", `quote " and \`, `var s = "quote \" and \\"`},
		{"s", 5, `var s = "5"`},
		{"s", []any{"x"}, "error: [x] is not a string, as its default is"},
		{"n", Text("0x10"), "var n = 16"},
		{"m", -3, "var m = -3"},
		{"n", Text("1.5"), `error: "1.5" is not a whole number, as its default is`},
		{"n", "5", `error: "5" is not a whole number, as its default is`},
		{"f", Text("2"), "var f float64 = 2"},
		{"f", uint64(2), "var f float64 = 2"},
		{"f", Text("inf"), `error: "inf" is not a number, as its default is`},
		{"f", 1e-9, "var f float64 = 1e-09"},
		{"b", Text("false"), "var b = false"},
		{"b", true, "var b = true"},
		{"b", Text("maybe"), `error: "maybe" is not true or false, as its default is`},
		{"typed", Text("4"), "var typed float64 = 4"},
		{"u16", Text("443"), "var u16 uint16 = 443"},
		{"list", Text("10.0.0.0/8, fd00::/8"), `var list = []string{"10.0.0.0/8", "fd00::/8"}`},
		{"list", Text("[]"), `var list = []string{}`},
		{"list", []any{"a", "b"}, `var list = []string{"a", "b"}`},
		{"nums", Text("[1, 2]"), `var nums = []int{1, 2}`},
		{"nums", Text("1,x"), `error: element 2: "x" is not a whole number, as its default is`},
		{"wait", Text("5m"), "error: its default is an expression whose type cannot be told: declare it with a plain value"},
		{"c", Text("8"), "const c = 8"},
		{"notAParameter", Text("8"), ""},
	}
	for _, tt := range tests {
		got := strings.Join(declareAll(t, goLanguage{}, source, []Parameter{{Name: tt.name, Value: tt.value}}), "\n")
		if got != tt.want {
			t.Errorf("%s = %v gives %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestPythonParameters(t *testing.T) {
	source := "import os\ns = 'a'  # a name\nn: int = 5\nf = 1e3\nb = True\nl = [1,\n  2]\nx = None\nif s == 'a':\n    inner = 1\nn == 5\n"
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"s", Text("5"), `s = "5"`},
		{"n", Text("6"), "n = 6"},
		{"n", Text("six"), `error: "six" is not a whole number, as its default is`},
		{"f", Text("2"), "f = 2.0"},
		{"b", false, "b = False"},
		{"l", Text("[3, a]"), `l = [3, "a"]`},
		{"x", Text("3"), "x = 3"},
		{"x", Text("[1, two]"), `x = [1, "two"]`},
		{"x", Text("{a: 1}"), `x = "{a: 1}"`},
		{"inner", Text("3"), ""},
	}
	for _, tt := range tests {
		got := strings.Join(declareAll(t, pythonLanguage{}, source, []Parameter{{Name: tt.name, Value: tt.value}}), "\n")
		if got != tt.want {
			t.Errorf("%s = %v gives %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
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
		{"unknown", nb, Parameter{Name: "baselin", Value: Text("x")}, `no notebook declares the parameter "baselin": the notebooks declare day, n`},
		{"type", nb, Parameter{Name: "n", Value: Text("x")}, `parameter n of a.ipynb: "x" is not a whole number`},
		{"syntax", broken, Parameter{Name: "n", Value: Text("1")}, "a.ipynb: cell 2, which declares the parameters: line "},
		{"language", r, Parameter{Name: "n", Value: Text("1")}, `the language is "r", and only Go and Python are supported`},
		{"none", notebookOf("gonb", "go"), Parameter{Name: "n", Value: Text("1")}, "nor any other"},
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
	var unknown *UnknownParameterError
	if !errors.As(err, &unknown) || len(unknown.Known) != 2 {
		t.Errorf("error %v is no UnknownParameterError", err)
	}
}

func FuzzGoParameters(f *testing.F) {
	f.Add("var a = 1\nvar b []string", "1")
	f.Add("const (\n\ta = iota\n\tb\n)\n%%\nx", "[a")
	f.Fuzz(func(t *testing.T, source, value string) {
		vars, err := goLanguage{}.declared(source)
		if err != nil {
			return
		}
		for _, v := range vars {
			line, err := goLanguage{}.declare(v, Text(value))
			if err != nil {
				continue
			}
			again, err := goLanguage{}.declared(line)
			if err != nil || len(again) != 1 || again[0].name != v.name {
				t.Fatalf("%q of %q is declared as %q: %v", value, source, line, err)
			}
		}
	})
}
