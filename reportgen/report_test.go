package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

const goldenReport = "../testdata/report"

// TestGoldenReport makes the report of the sample days, compares it with the
// committed one and looks at it in a browser.
func TestGoldenReport(t *testing.T) {
	if testing.Short() {
		t.Skip("runs six notebooks on real GoNB kernels: skipped with -short")
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	out := filepath.Join(t.TempDir(), "report")
	runReport(t, out, "--strict", "../notebooks")

	got := testenv.Tree(t, out)
	maps.DeleteFunc(got, func(name, _ string) bool {
		return name != "report.md" && name != report.DocumentName && !strings.HasPrefix(name, "figures/")
	})
	if testenv.Updating() {
		writeGolden(t, got)
	}
	if diff := cmp.Diff(testenv.Tree(t, goldenReport), got); diff != "" {
		t.Errorf("the report is not the committed one (make golden writes it again; -committed +made):\n%s", diff)
	}
	for name, content := range testenv.Tree(t, out) {
		for _, place := range []string{out, os.TempDir() + "/", mustAbs(t, "..")} {
			if strings.Contains(content, place) {
				t.Errorf("%s holds a path of this machine: %s", name, place)
			}
		}
	}
	rendertest.CheckHTML(t, filepath.Join(out, "index.html"))
	t.Run("accessible", func(t *testing.T) { rendertest.CheckAccessible(t, filepath.Join(out, "index.html")) })

	// Another run, with the profiles cached and one notebook at a time.
	again := filepath.Join(t.TempDir(), "again")
	runReport(t, again, "--jobs", "1", "--no-cache", "../notebooks")
	if diff := cmp.Diff(testenv.Tree(t, out), testenv.Tree(t, again)); diff != "" {
		t.Errorf("a second run gives other bytes:\n%s", diff)
	}
	kept := filepath.Join(t.TempDir(), "kept")
	if status, _, stderr := reportgen(t, "run", "-o", kept, "../notebooks"); status != exit.Done || strings.Count(stderr, ": unchanged, ") != 6 {
		t.Errorf("status %d: cells run again though nothing changed:\n%s", status, stderr)
	}
	if diff := cmp.Diff(testenv.Tree(t, out), testenv.Tree(t, kept)); diff != "" {
		t.Errorf("a run with nothing changed gives other bytes:\n%s", diff)
	}
	t.Run("in Portuguese", func(t *testing.T) {
		// No cell runs again, and no text lacks a translation.
		portuguese := filepath.Join(t.TempDir(), "pt")
		runReport(t, portuguese, "--strict", "-l", "pt", "--to", "html,md,email", "../notebooks")
		page := testenv.Tree(t, portuguese)["report.md"]
		for _, want := range []string{"# Análise do tráfego de rede", "Alemanha", "[Figura 1.1]", "de gravidade crítica", "| 175"} {
			if !strings.Contains(page, want) {
				t.Errorf("the Portuguese report lacks %q", want)
			}
		}
		rendertest.CheckHTML(t, filepath.Join(portuguese, "index.html"))
	})
	t.Run("printed", func(t *testing.T) {
		rendertest.Browser(t)
		printed := filepath.Join(t.TempDir(), "printed")
		runReport(t, printed, "--to=html,pdf", "../notebooks")
		rendertest.CheckPDF(t, filepath.Join(printed, report.PDFName), filepath.Join(printed, "index.html"))
	})
}

// TestReportOfRealDays makes the report of three real days on which nothing was
// planted and no address is internal: it must come out whole and say so.
func TestReportOfRealDays(t *testing.T) {
	if testing.Short() {
		t.Skip("runs six notebooks on real GoNB kernels: skipped with -short")
	}
	logs := testenv.Data(t, "zeek", "missing-host")
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	dir := t.TempDir()
	mustRun(t, "import", "--from", "zeek", logs, "-o", filepath.Join(dir, "day.parquet"))

	out := filepath.Join(dir, "report")
	runReport(t, out,
		"-p", "baseline="+filepath.Join(dir, "day-2024-04-19.parquet"),
		"-p", "test="+filepath.Join(dir, "day-2024-04-20.parquet"),
		"-p", "servers="+filepath.Join(dir, "day-2024-04-21.parquet"),
		"../notebooks")
	md, err := os.ReadFile(filepath.Join(out, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"day-2024-04-19.parquet", "30,511", "28,397", "32,753"} {
		if !bytes.Contains(md, []byte(want)) {
			t.Errorf("the report does not say %q", want)
		}
	}
	for _, nonsense := range []string{"NaN", "+Inf", "%!", "192.168.100."} {
		if bytes.Contains(md, []byte(nonsense)) {
			t.Errorf("the report says %q", nonsense)
		}
	}
	rendertest.CheckHTML(t, filepath.Join(out, "index.html"))
}

func runReport(t *testing.T, out string, args ...string) {
	t.Helper()
	mustRun(t, slices.Concat([]string{"run", "-o", out}, args)...)
}

func writeGolden(t *testing.T, files map[string]string) {
	t.Helper()
	if err := os.RemoveAll(goldenReport); err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, goldenReport, files)
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}
