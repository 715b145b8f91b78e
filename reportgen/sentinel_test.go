package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestScripts runs testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no scripts (%v)", err)
	}
	// The program is this test: see TestMain.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "reportgen")); err != nil {
		t.Fatal(err)
	}
	sample, err := filepath.Abs(filepath.Join("..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("FLOWBOOK_REPORTGEN", filepath.Join(bin, "reportgen"))
			e.Setenv("FLOWBOOK_CACHE", cache)
			e.Setenv("SAMPLE", sample)
			return nil
		},
	})
}

// TestSentinelGolden compares help, tables and report of a sample day with
// committed ones.
func TestSentinelGolden(t *testing.T) {
	country, owner := sampleDatabase(t, "country.mmdb"), sampleDatabase(t, "asn.mmdb")
	day := filepath.Join(filepath.Dir(country), "data.parquet")
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	t.Chdir(t.TempDir())
	stdout := mustRun(t, "sentinel", "--data", day, "-gi", country, "-gin", owner, "-cv", "-td", "-dx", "90", "-bn", "-o")
	report, err := os.ReadFile("sentinel.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"sentinel-help.txt": mustRun(t, "sentinel", "-h"),
		"sentinel.txt":      stdout,
		"sentinel.md":       string(report),
	} {
		testenv.Golden(t, filepath.Join(golden, name), got)
	}
}

// The charts have the same bytes each time.
func TestSentinelCharts(t *testing.T) {
	country, owner := sampleDatabase(t, "country.mmdb"), sampleDatabase(t, "asn.mmdb")
	day := filepath.Join(filepath.Dir(country), "data.parquet")
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	var made [2]map[string]string
	for i := range made {
		dir := t.TempDir()
		t.Chdir(dir)
		mustRun(t, "sentinel", "--data", day, "-gi", country, "-gin", owner, "-cv", "-td", "-q")
		made[i] = testenv.Tree(t, dir)
	}
	if len(made[0]) != 2 || !cmp.Equal(made[0], made[1]) {
		t.Errorf("two runs wrote %d and %d files that are not the same", len(made[0]), len(made[1]))
	}
	for name, content := range made[0] {
		if !strings.HasPrefix(content, "\x89PNG") {
			t.Errorf("%s is not a PNG", name)
		}
	}
}
