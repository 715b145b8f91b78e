package ipython_test

import (
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/ipython"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
)

func TestParameters(t *testing.T) {
	source := "import os\ns = 'a'  # a name\nn: int = 5\nf = 1e3\nb = True\nl = [1,\n  2]\nx = None\nif s == 'a':\n    inner = 1\nn == 5\n"
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"s", parameter.Text("5"), `s = "5"`},
		{"n", parameter.Text("6"), "n = 6"},
		{"n", parameter.Text("six"), `error: "six" is not a whole number, as its default is`},
		{"f", parameter.Text("2"), "f = 2.0"},
		{"b", false, "b = False"},
		{"l", parameter.Text("[3, a]"), `l = [3, "a"]`},
		{"x", parameter.Text("3"), "x = 3"},
		{"x", parameter.Text("[1, two]"), `x = [1, "two"]`},
		{"x", parameter.Text("{a: 1}"), `x = {"a": 1}`},
		{"x", parameter.Text(`{"k": 2, b: {c: [1, {d: null}]}, 3: 'x'}`), `x = {"k": 2, "b": {"c": [1, {"d": None}]}, 3: "x"}`},
		{"x", parameter.Text("None"), "x = None"},
		{"x", parameter.Text("null"), "x = None"},
		{"x", parameter.Text(""), `x = ""`},
		{"x", parameter.Text("none"), `x = "none"`},
		{"x", parameter.Text("True"), "x = True"},
		{"x", parameter.Text("'5'"), `x = "5"`},
		{"x", parameter.Text("12345678901234567890123"), "x = 12345678901234567890123"},
		{"x", parameter.Text("nan"), `x = float("nan")`},
		{"x", parameter.Text("2024-01-02"), `x = "2024-01-02"`},
		{"x", parameter.Text("@name"), `x = "@name"`},
		{"x", parameter.Text(`C:\new`), `x = "C:\\new"`},
		{"x", parameter.Text("[1,"), "error: invalid YAML: line 1, column 1: \"[\" is not closed; add \"]\""},
		{"x", "größe\x00\u0085", `x = "größe\u0000\u0085"`},
		{"x", map[string]any{"b": []any{1, nil}, "a": uint64(1 << 63)}, `x = {"a": 9223372036854775808, "b": [1, None]}`},
		{"l", parameter.Text(`["p","q,r"]`), `l = ["p", "q,r"]`},
		{"l", parameter.Text("[[1,2],[9]]"), "l = [[1, 2], [9]]"},
		{"l", parameter.Text("a, 2"), `l = ["a", 2]`},
		{"l", parameter.Text("null"), `l = None`},
		{"l", nil, "l = None"},
		{"f", parameter.Text("nan"), `f = float("nan")`},
		{"f", parameter.Text("-inf"), `f = float("-inf")`},
		{"n", parameter.Text("99999999999999999999999"), "n = 99999999999999999999999"},
		{"s", parameter.Text("None"), `s = "None"`},
		{"s", parameter.Scalar{Text: "010", Value: int64(10)}, `s = "010"`},
		{"inner", parameter.Text("3"), ""},
	}
	for _, tt := range tests {
		got := kerneltest.Declare(t, ipython.Driver{}.Parameters(), source, tt.name, tt.value)
		if got != tt.want {
			t.Errorf("%s = %v gives %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}
