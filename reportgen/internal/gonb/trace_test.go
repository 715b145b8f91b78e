package gonb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestModuleOf(t *testing.T) {
	tests := []struct{ name, mod, err string }{
		{"", "module x\n", ""},
		{"found", "module x\ntool github.com/janpfeifer/gonb\ntool golang.org/x/tools/cmd/goimports\n", ""},
		{"", "module x\ntool github.com/janpfeifer/gonb\n", "GoNB needs goimports"},
		{"", "modul x\n", "unknown directive"},
	}
	for _, tt := range tests {
		root := t.TempDir()
		inner := filepath.Join(root, "notebooks")
		if err := os.Mkdir(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte(tt.mod), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := moduleOf(inner)
		if (got == root) != (tt.name == "found") {
			t.Errorf("%q gives %q", tt.mod, got)
		}
		if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q gives error %v, want %q", tt.mod, err, tt.err)
		}
	}
}

func TestAnnotate(t *testing.T) {
	cell := "func f() {\n\tg()\n}\n%%\nf()\nif x {\n\tg()\n}"
	program := "package main\n\nfunc f() {\n\tg()\n}\n\nfunc main() {\n\tflag.Parse()\nf()\nif x {\n\tg()\n}\n}\n"
	count := 3
	tests := []struct{ in, want string }{
		{"\t \x1b[7m[[ Cell [3] Line 9 ]]\x1b[0m main.go:9", "\t[[ Cell [3] Line 5 ]] main.go:9"},
		{"main.go:4", "[[ Cell [3] Line 2 ]] main.go:4"},
		{"main.go:11 and main.go:4", "[[ Cell [3] Line 7 ]] main.go:11 and [[ Cell [3] Line 2 ]] main.go:4"},
		{"main.go:8", "main.go:8"},
		{"main.go:99999999999999999999", "main.go:99999999999999999999"},
		{"domain.gone", "domain.gone"},
	}
	for _, tt := range tests {
		if got := annotate(tt.in, cell, program, &count); got != tt.want {
			t.Errorf("%q gives %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestTrace(t *testing.T) {
	s := &session{}
	tests := []struct{ in, want string }{
		{"main.main()\n\tgonb_0123abcd/main.go:12 +0x1d\n", "main.main()\n\tmain.go:12\n"},
		{"main.f(0xc000012345, {0x1, 0x2})\n", "main.f(...)\n"},
		{"main.reportgenCell12()", "main.main()"},
		{"# gonb_0123abcd", ""},
		{"E1121 17:58:29.806430   31550 gonbui.go:211] gob", "E gonbui.go:211] gob"},
		{"[signal SIGSEGV: addr=0x0 pc=0x4a2b3c]", "[signal SIGSEGV: addr=0x0 pc]"},
		{"f(x) = 0x10 (hex)", "f(x) = 0x10 (hex)"},
	}
	for _, tt := range tests {
		if got := s.Trace(tt.in); got != tt.want {
			t.Errorf("%q gives %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := s.Message("# gonb_0123abcd\n./main.go:3:2: undefined: x\n"); got != "undefined: x" {
		t.Errorf("message %q", got)
	}
}

// TestCellFlags: cells are built in a workspace, where -mod=mod is an error.
func TestCellFlags(t *testing.T) {
	const own = "'-ldflags=-s -w' -buildvcs=false"
	for flags, want := range map[string]string{
		"": own, "-mod=mod": own, "-tags=x -mod=mod -trimpath": "-tags=x -trimpath " + own, "--mod=vendor": own, "-modcacherw": "-modcacherw " + own,
	} {
		if got := cellFlags(flags); got != want {
			t.Errorf("%q gives %q, want %q", flags, got, want)
		}
	}
}
