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
		{"x", parameter.Text("{a: 1}"), `x = "{a: 1}"`},
		{"inner", parameter.Text("3"), ""},
	}
	for _, tt := range tests {
		got := kerneltest.Declare(t, ipython.Driver{}.Parameters(), source, tt.name, tt.value)
		if got != tt.want {
			t.Errorf("%s = %v gives %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}
