package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// Files of parameters are read before a kernel starts, so that a misspelled path
// does not replace the report.
func TestRunRefusesInputsBeforeItStarts(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	out := t.TempDir()
	testenv.WriteFiles(t, out, map[string]string{".reportgen": "", "report.md": "the last report"})
	text := filepath.Join(out, "report.md")
	for _, c := range []struct{ set, want string }{
		{"baseline=gone.parquet", "parameter baseline: gone.parquet: no such file"},
		{"test=" + text, "parameter test: " + text + ": not a Parquet file"},
		{"asn=../testdata/country.mmdb", "parameter asn: "},
		{"country=" + text, "parameter country: geo database " + text},
		{"internal=10.0.0.0/99", "parameter internal: "},
		{"sensitivity=high", `parameter sensitivity: "high" is not a number`},
		{"tset=" + text, `parameter "tset": not declared by any notebook; they declare asn, baseline,`},
	} {
		status, _, stderr := reportgen(t, "run", "-o", out, "-p", c.set, "../notebooks")
		if status != exit.BadInput || !strings.Contains(stderr, c.want) {
			t.Errorf("-p %s: status %d, %.200q; want %d, %q", c.set, status, stderr, exit.BadInput, c.want)
		}
	}
	// So is a language that reportgen does not know.
	for lang, want := range map[string]string{"xx": `--lang "xx" is not a language; want a tag such as en, de, es, fr, pt`, "it": "want one of en, de, es, fr, pt, or a file it.yaml"} {
		if status, _, stderr := reportgen(t, "run", "-o", out, "-l", lang, "../notebooks"); status != exit.BadInput || !strings.Contains(stderr, want) {
			t.Errorf("-l %s: status %d, %.300q", lang, status, stderr)
		}
	}
	if md, err := os.ReadFile(text); err != nil || string(md) != "the last report" {
		t.Errorf("the last report is now %.40q (%v)", md, err)
	}
}

// Notebooks that declare no parameter get the inputs of report.yaml: those of the file,
// relative to it, or those of flags, relative to the current folder. A change of either
// runs the cells again.
func TestInputsOfReportYAML(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	days := t.TempDir()
	mustRun(t, "synth", "-o", days, "--flows", "10000", "--hosts", "20")
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": goNotebook(t, "A", "var run = nb.Open()",
			"%%\nfmt.Print(run.Test().Total().Flows, run.Servers().Total().Flows, run.Internal())\nnb.Table(run.Parameters(), nb.Label(\"tbl-inputs\"), nb.Caption(\"Inputs\"))"),
		"notebooks/report.yaml": "inputs:\n  baseline: data.parquet\n  test: monday\n  servers:\n  internal: [10.0.0.0/8, 192.168.0.0/16]\n",
	})
	day, err := os.ReadFile(filepath.Join(days, "data.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/data.parquet": string(day), "notebooks/monday/part-0.parquet": string(day)})
	mustRun(t, "run", "notebooks")
	first := testenv.Tree(t, "report")["report.md"]
	for _, want := range []string{" 0 [10.0.0.0/8 192.168.0.0/16]", "| data.parquet |", "| test | monday |", "| servers | none |"} {
		if !strings.Contains(strings.Join(strings.Fields(first), " "), want) {
			t.Errorf("the report does not hold %q:\n%s", want, first)
		}
	}
	mustRun(t, "run", "-p", "servers="+filepath.Join(days, "servers.parquet"), "notebooks")
	if second := testenv.Tree(t, "report")["report.md"]; !strings.Contains(second, "servers.parquet") || strings.Contains(second, days) {
		t.Errorf("the report with servers:\n%s", second)
	}
}
