package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// Files of parameters are read before a kernel starts, so that a misspelled path
// does not replace the report.
func TestRunRefusesInputsBeforeItStarts(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	out := t.TempDir()
	writeFiles(t, out, map[string]string{".reportgen": "", "report.md": "the last report"})
	text := filepath.Join(out, "report.md")
	for _, c := range []struct{ set, want string }{
		{"baseline=gone.parquet", "parameter baseline: open gone.parquet: no such file"},
		{"test=" + text, "parameter test: " + text + ": not a Parquet file"},
		{"asn=../testdata/country.mmdb", "parameter asn: "},
		{"country=" + text, "parameter country: geo database " + text},
	} {
		status, _, stderr := reportgen(t, "run", "-o", out, "-p", c.set, "../notebooks")
		if status != exit.BadInput || !strings.Contains(stderr, c.want) {
			t.Errorf("-p %s: status %d, %.200q; want %d, %q", c.set, status, stderr, exit.BadInput, c.want)
		}
	}
	if md, err := os.ReadFile(text); err != nil || string(md) != "the last report" {
		t.Errorf("the last report is now %.40q (%v)", md, err)
	}
}
