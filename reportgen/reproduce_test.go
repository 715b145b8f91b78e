package main

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

const reproducedFigure = `%%
gonbui.SendData(&protocol.DisplayData{
	Data: map[protocol.MIMEType]any{"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' width='200' height='40'><rect width='90' height='20'/></svg>"},
	Metadata: map[string]any{"reportgen": ` + "`{\"kind\":\"figure\",\"label\":\"fig-box\",\"caption\":\"A box.\",\"alt\":\"A box\"}`" + `},
})
gonbui.Sync()
fmt.Println(map[string]int{"z": 1, "a": 2})`

// TestReproducible makes a report in two environments that have nothing in common
// but the notebooks, the kernel and the browser: every byte of every format is the
// same, with a date given and without.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	failing := goNotebook(t, "Second, after @fig-box", "var limit = 1", "%%\nvar hosts map[string]int\nhosts[\"a\"] = limit")
	nb, err := nbformat.Unmarshal([]byte(failing))
	if err != nil {
		t.Fatal(err)
	}
	nb.Cells[2].Metadata["tags"] = []any{"raises-exception"}
	source, err := nbformat.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb":     goNotebook(t, "First", "var limit = 1", "import (\n\"github.com/janpfeifer/gonb/gonbui\"\n\"github.com/janpfeifer/gonb/gonbui/protocol\"\n)\n"+reproducedFigure),
		"notebooks/b.ipynb":     string(source),
		"notebooks/report.yaml": "title: Two\n",
	})
	formats := "--to=html,md,ipynb,site,pdf"
	if _, err := browser.Find(); errors.Is(err, browser.ErrNotFound) {
		t.Logf("nothing is printed: %v", err)
		formats = "--to=html,md,ipynb,site"
	}
	for _, epoch := range []string{"", "1713614400"} {
		one := testenv.Tree(t, runIn(t, dir, "022", []string{"TZ=UTC", "LANG=C", "SOURCE_DATE_EPOCH=" + epoch}, formats, "--jobs=1", "notebooks"))
		other := testenv.Tree(t, runIn(t, t.TempDir(), "077", []string{
			"TZ=Pacific/Auckland", "LANG=pt_PT.UTF-8", "LC_ALL=pt_PT.UTF-8", "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(),
			"USER=ada", "HOSTNAME=elsewhere", "COLUMNS=40", "SOURCE_DATE_EPOCH=" + epoch,
		}, formats, "--jobs=2", filepath.Join(dir, "notebooks")))
		if len(one) < 10 {
			t.Errorf("the report has only %d files", len(one))
		}
		for _, name := range slices.Sorted(maps.Keys(one)) {
			if one[name] != other[name] {
				t.Errorf("SOURCE_DATE_EPOCH=%s: %s is not the same in another environment", epoch, name)
			}
			for _, place := range []string{dir, os.TempDir() + "/", mustAbs(t, "..")} {
				if strings.Contains(one[name], place) {
					t.Errorf("%s holds a path of this machine: %s", name, place)
				}
			}
		}
		for name := range other {
			if _, ok := one[name]; !ok {
				t.Errorf("only one environment makes %s", name)
			}
		}
	}
}

// runIn runs reportgen run as a program in the folder, with the mask of file modes
// and the variables, and returns the folder of the report.
func runIn(t *testing.T, dir, mask string, env []string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report")
	args = slices.Concat([]string{"-c", "umask " + mask + ` && exec "$@"`, "sh", built(t), "run", "--no-cache", "-o", out}, args)
	c := exec.CommandContext(t.Context(), "sh", args...)
	c.Dir = dir
	// The compiler's caches may stay where they are: they hold what the module pins.
	caches, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		t.Fatal(err)
	}
	is := strings.Fields(string(caches))
	c.Env = slices.Concat(os.Environ(), []string{"FLOWBOOK_CACHE=" + t.TempDir(), "GOCACHE=" + is[0], "GOMODCACHE=" + is[1], "GOPATH=" + is[2]}, env)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("reportgen run in %s: %v\n%s", dir, err, said)
	}
	return out
}
