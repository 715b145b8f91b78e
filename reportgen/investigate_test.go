package main

import (
	"os"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// TestInvestigateRefuses: what cannot be investigated is bad input before a kernel
// starts, and an unknown entity names the nearest.
func TestInvestigateRefuses(t *testing.T) {
	day := "test=" + testenv.Path(t, "testdata", "test.parquet")
	asn := "asn=" + testenv.Path(t, "testdata", "asn.mmdb")
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"192.168.100.1"}, "no day to investigate; name its flow file with -p test=FILE, or as input test in report.yaml"},
		{[]string{"192.168.99.1", "-p", day}, "192.168.99.1: not a host, address, owner or country in the flows; the nearest are 192.168.100."},
		{[]string{"192.168.100.1788", "-p", day}, "not a host, address, owner or country in the flows; the nearest are 192.168.100.17"},
		{[]string{"Googel", "-p", day, "-p", asn}, "the nearest are Google LLC; for countries, set the input country (-p country=FILE)"},
		{[]string{"Narnia", "-p", day}, "for owners, set the input asn (-p asn=FILE), and for countries, set the input country (-p country=FILE)"},
		{[]string{"192.168.100.35", "-p", "test=none.parquet"}, "none.parquet"},
		{[]string{"192.168.100.35", "-p", day, "-p", "internal=10"}, "parameter internal"},
		{nil, "ENTITY"},
	} {
		status, stdout, stderr := reportgen(t, append([]string{"investigate"}, c.args...)...)
		if status != exit.BadInput || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%q: status %d, %s, want %q", c.args, status, stderr, c.says)
		}
	}
	// The inputs of a project are those of an investigation, from a folder of it too.
	testenv.WriteFiles(t, ".", map[string]string{"notebooks/report.yaml": "inputs:\n  test: sample:test.parquet\n  baseline: \n  sensitivity: \n",
		"go.mod": "module a\n"})
	if err := os.Symlink(testenv.Path(t, "testdata"), "testdata"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{".", "notebooks"} {
		t.Chdir(dir)
		if status, _, stderr := reportgen(t, "investigate", "192.168.99.1"); status != exit.BadInput || !strings.Contains(stderr, "the nearest are 192.168.100.") {
			t.Errorf("in %s: status %d, %s", dir, status, stderr)
		}
	}
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{"notebooks/a.ipynb": goNotebook(t, "Days", "var test = \"sample:test.parquet\"", "%%\nfmt.Println(test)")})
	if status, _, stderr := reportgen(t, "run", "--dossiers"); status != exit.BadInput || stderr != "reportgen: --dossiers: no day to investigate; name its flow file with -p test=FILE, or as input test in report.yaml\n" {
		t.Errorf("a report with dossiers of no day: status %d\n%s", status, stderr)
	}
}

// TestDossiers writes a report with a dossier of each device with an alert, in Portuguese: the catalog of the notebook has
// all that the report says.
func TestDossiers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	day := func(date string) string {
		return testenv.Path(t, "testdata", "fortnight", "date="+date, "flows.parquet")
	}
	test, baseline := day("2024-03-21"), day("2024-03-20")
	notebookFolder(t, map[string]string{"notebooks/a.ipynb": goNotebook(t, "Days",
		"var test = \"sample:test.parquet\"\nvar baseline = \"sample:data.parquet\"", "%%\nfmt.Println(len(test) > 0, len(baseline) > 0)")})
	status, stdout, stderr := reportgen(t, "run", "--dossiers", "--strict", "-l", "pt", "-o", "report", "--to", "md", "-p", "test="+test, "-p", "baseline="+baseline, "notebooks")
	if status != exit.Done {
		t.Fatalf("status %d\n%s", status, stderr)
	}
	found := 0
	for name, text := range testenv.Tree(t, "report") {
		host, ok := strings.CutPrefix(name, "dossiers/")
		if host, _, report := strings.Cut(host, "/report.md"); ok && report {
			found++
			if !strings.Contains(text, "# Investigação de "+host) || strings.Contains(text, "As deteções nada encontraram") {
				t.Errorf("%s:\n%s", name, text)
			}
		}
	}
	if found == 0 || strings.Count(stdout, "report.md") != found+1 {
		t.Errorf("%d dossiers; stdout:\n%s", found, stdout)
	}
}
