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
		{"a\r\r\n", "a\r\n"},
		{"ab\rX", "Xb"},
		{"\x1b[31mab\rX\x1b[0m c", "\x1b[0m\x1b[31mX\x1b[0m c"},
		{"abc\rX\x1b[K", "X"},
		{"first\nab\b\bcd\n", "first\ncd\n"},
		{"\n\bx", "\nx"},
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
		{"colour", "\x1b[31mred\x1b[0m not", []Span{{Text: "red", Classes: []string{"red"}}, {Text: " not", Classes: nil}}},
		{"bright, bold, off", "\x1b[1;92mx\x1b[22my\x1b[39mz", []Span{
			{Text: "x", Classes: []string{"bold", "bright-green"}}, {Text: "y", Classes: []string{"bright-green"}}, {Text: "z", Classes: nil}}},
		{"IPython's 256 colours", "\x1b[38;5;9mx\x1b[38;5;241my", []Span{{Text: "x", Classes: []string{"bright-red"}}, {Text: "y", Color: "#626262"}}},
		{"24 bits", "\x1b[38;2;1;2;3;4mx", []Span{{Text: "x", Color: "#010203", Classes: []string{"underline"}}}},
		{"background", "\x1b[41mx\x1b[48;5;1my\x1b[48;5;240mz\x1b[49mw", []Span{{Text: "xy", Background: "#e75c58"}, {Text: "z", Background: "#585858"}, {Text: "w"}}},
		{"256 colours", "\x1b[38;5;208mx\x1b[38;5;16my", []Span{{Text: "x", Color: "#ff8700"}, {Text: "y", Color: "#000000"}}},
		{"inverse", "\x1b[7mx\x1b[32my\x1b[27mz", []Span{{Text: "x", Background: "#3e424d"}, {Text: "y", Background: "#00a250"}, {Text: "z", Classes: []string{"green"}}}},
		{"overwritten", "\x1b[31mred\x1b[0m\rX\n\x1b[34mlonger\rab\x1b[K", []Span{{Text: "X"}, {Text: "ed", Classes: []string{"red"}}, {Text: "\n"}, {Text: "ab", Classes: []string{"blue"}}}},
		{"empty parameters are a reset", "\x1b[3mx\x1b[my", []Span{{Text: "x", Classes: []string{"italic"}}, {Text: "y", Classes: nil}}},
		{"cursor and title", "a\x1b[2J\x1b[1;1Hb\x1b]0;title\x07c\x1b(Bd", []Span{{Text: "abcd", Classes: nil}}},
		{"control characters", "a\x00\x07\x7fb\u0085c", []Span{{Text: "abc", Classes: nil}}},
		{"progress", " 10 %\r 50 %\r100 %\nnext", []Span{{Text: "100 %\nnext", Classes: nil}}},
		{"carriage returns at the end of a line", "a\r\r\nb", []Span{{Text: "a\nb", Classes: nil}}},
		{"backspace", "10\b\b20", []Span{{Text: "20", Classes: nil}}},
		{"Windows", "a\r\nb\r\n", []Span{{Text: "a\nb\n", Classes: nil}}},
		{"cut short", "a\x1b[3", []Span{{Text: "a3", Classes: nil}}},
		{"nothing", "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Parse(test.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
