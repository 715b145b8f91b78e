package kernel

import "testing"

func TestOverwritten(t *testing.T) {
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
		if got := overwritten(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}
