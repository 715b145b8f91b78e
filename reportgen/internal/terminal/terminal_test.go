package terminal

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRewritten(t *testing.T) {
	tests := []struct{ text, want string }{
		{"a\nb", "a\nb"},
		{"10 %\r20 %\r100 %\n", "100 %\n"},
		{"a\r\nb\r\n", "a\r\nb\r\n"},
		{"a\rb\r", "b\r"},
		{"a\r\r\n", "\r\n"},
		{"first\nab\b\bcd\n", "first\ncd\n"},
		{"\n\bx", "\n\bx"},
		{"größe\bß", "größß"},
	}
	for _, tt := range tests {
		if got := Rewritten(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name, in string
		want     []Span
	}{
		{"plain", "a\tb\nc", []Span{{Text: "a\tb\nc"}}},
		{"colour", "\x1b[31mred\x1b[0m not", []Span{{"red", []string{"red"}}, {" not", nil}}},
		{"bright, bold, off", "\x1b[1;92mx\x1b[22my\x1b[39mz", []Span{
			{"x", []string{"bold", "bright-green"}}, {"y", []string{"bright-green"}}, {"z", nil}}},
		{"IPython's 256 colours", "\x1b[38;5;9mx\x1b[38;5;241my", []Span{{"x", []string{"bright-red"}}, {"y", nil}}},
		{"24 bits", "\x1b[38;2;1;2;3;4mx", []Span{{"x", []string{"underline"}}}},
		{"background", "\x1b[41mx\x1b[48;5;1my", []Span{{"xy", nil}}},
		{"empty parameters are a reset", "\x1b[3mx\x1b[my", []Span{{"x", []string{"italic"}}, {"y", nil}}},
		{"cursor and title", "a\x1b[2J\x1b[1;1Hb\x1b]0;title\x07c\x1b(Bd", []Span{{"abcd", nil}}},
		{"control characters", "a\x00\x07\x7fb\u0085c", []Span{{"abc", nil}}},
		{"progress", " 10 %\r 50 %\r100 %\nnext", []Span{{"100 %\nnext", nil}}},
		{"carriage returns at the end of a line", "a\r\r\nb", []Span{{"a\nb", nil}}},
		{"backspace", "10\b\b20", []Span{{"20", nil}}},
		{"Windows", "a\r\nb\r\n", []Span{{"a\nb\n", nil}}},
		{"cut short", "a\x1b[3", []Span{{"a3", nil}}},
		{"nothing", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Parse(test.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
