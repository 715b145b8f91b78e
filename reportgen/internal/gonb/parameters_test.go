package gonb_test

import (
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/gonb"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
)

func TestParameters(t *testing.T) {
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
	nest   = [][]int{{1}}
	conf   = map[string][]float64{}
	open   any
	opt    map[string]int
	at     struct{ X int }
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
		{"s", parameter.Text("010"), `var s = "010"`},
		{"s", `quote " and \`, `var s = "quote \" and \\"`},
		{"s", 5, `var s = "5"`},
		{"s", []any{"x"}, "error: [x] is not a string, as its default is"},
		{"n", parameter.Text("0x10"), "var n = 16"},
		{"m", -3, "var m = -3"},
		{"n", parameter.Text("1.5"), `error: "1.5" is not a whole number, as its default is`},
		{"n", "5", `error: "5" is not a whole number, as its default is`},
		{"f", parameter.Text("2"), "var f float64 = 2"},
		{"f", uint64(2), "var f float64 = 2"},
		{"f", parameter.Text("inf"), "var f float64 = float64(math.Inf(1))"},
		{"f", 1e-9, "var f float64 = 1e-09"},
		{"b", parameter.Text("false"), "var b = false"},
		{"b", true, "var b = true"},
		{"b", parameter.Text("maybe"), `error: "maybe" is not true or false, as its default is`},
		{"typed", parameter.Text("4"), "var typed float64 = 4"},
		{"u16", parameter.Text("443"), "var u16 uint16 = 443"},
		{"list", parameter.Text("10.0.0.0/8, fd00::/8"), `var list = []string{"10.0.0.0/8", "fd00::/8"}`},
		{"list", parameter.Text("[]"), `var list = []string{}`},
		{"list", []any{"a", "b"}, `var list = []string{"a", "b"}`},
		{"nums", parameter.Text("[1, 2]"), `var nums = []int{1, 2}`},
		{"nums", parameter.Text("1,x"), `error: element 2: "x" is not a whole number, as its default is`},
		{"list", parameter.Text(`["p","q,r", 010, null]`), "error: element 4: null is not a value of type string"},
		{"list", parameter.Text(`["p","q,r", 010]`), `var list = []string{"p", "q,r", "010"}`},
		{"list", parameter.Text(`[a, [b]]`), "error: element 2: [b] is not a string, as its default is"},
		{"nest", parameter.Text("[[1,2],[9], []]"), "var nest = [][]int{[]int{1, 2}, []int{9}, []int{}}"},
		{"nest", parameter.Text("null"), "var nest [][]int = nil"},
		{"conf", parameter.Text("{b: [1, 2.5], a: []}"), `var conf = map[string][]float64{"b": []float64{1, 2.5}, "a": []float64{}}`},
		{"conf", map[string]any{"b": []any{1}, "a": nil}, `var conf = map[string][]float64{"a": nil, "b": []float64{1}}`},
		{"open", parameter.Text("{k: [1, 2.0, x, null, true]}"), `var open any = map[string]any{"k": []any{1, float64(2), "x", nil, true}}`},
		{"open", parameter.Text("2024-01-02"), `var open any = "2024-01-02"`},
		{"opt", parameter.Text("~"), "var opt map[string]int = nil"},
		{"opt", parameter.Text("5"), "error: 5 is not a mapping, as its default is"},
		{"at", parameter.Text("{X: 1}"), "error: its default is an expression of unknown type; declare it with a plain value"},
		{"n", parameter.Text("12345678901234567890123"), "error: 12345678901234567890123 does not fit into the type int"},
		{"n", parameter.Text("010"), "var n = 10"},
		{"n", parameter.Text("null"), "error: null is not a value of type int"},
		{"u16", parameter.Text("65536"), "error: 65536 does not fit into the type uint16"},
		{"u16", parameter.Text("-1"), "error: -1 does not fit into the type uint16"},
		{"f", parameter.Text("1e3"), "var f float64 = 1000"},
		{"s", parameter.Text(`"a: 'b'"`), `var s = "a: 'b'"`},
		{"s", parameter.Text("[a]"), `var s = "[a]"`},
		{"wait", parameter.Text("5m"), "error: its default is an expression of unknown type; declare it with a plain value"},
		{"c", parameter.Text("8"), "const c = 8"},
		{"notAParameter", parameter.Text("8"), ""},
	}
	for _, tt := range tests {
		got := kerneltest.Declare(t, gonb.Driver{}.Parameters(), source, tt.name, tt.value)
		if got != tt.want {
			t.Errorf("%s = %v gives %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

func FuzzParameters(f *testing.F) {
	f.Add("var a = 1\nvar b []string", "1")
	f.Add("const (\n\ta = iota\n\tb\n)\n%%\nx", "[a")
	lang := gonb.Driver{}.Parameters()
	f.Fuzz(func(t *testing.T, source, value string) {
		vars, err := lang.Declared(source)
		if err != nil {
			return
		}
		for _, v := range vars {
			line, err := lang.Declare(v, parameter.Text(value))
			if err != nil {
				continue
			}
			again, err := lang.Declared(line)
			if err != nil || len(again) != 1 || again[0].Name != v.Name {
				t.Fatalf("%q of %q is declared as %q: %v", value, source, line, err)
			}
		}
	})
}
