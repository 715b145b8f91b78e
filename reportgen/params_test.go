package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// Two inputs of the same name are distinguished in the notebook, its outputs, and the
// provenance of the report.
func TestInputsOfOneName(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{"days/monday/day.txt": "17", "days/tuesday/day.txt": "18"})
	testenv.WriteFiles(t, dir, map[string]string{
		"notebooks/a.ipynb": goNotebook(t, "A", "var baseline, test = \"\", \"\"", "%%\nfor _, name := range []string{baseline, test} {\n\tflows, err := os.ReadFile(name)\n\tfmt.Println(name, string(flows), err)\n}"),
	})
	mustRun(t, "run", "-p", "baseline=days/monday/day.txt", "-p", "test="+filepath.Join(dir, "days", "tuesday", "day.txt"))
	files := testenv.Tree(t, "report")
	for name, wants := range map[string][]string{
		"report.md":         {"monday/day.txt 17 <nil>\ntuesday/day.txt 18 <nil>"},
		"notebooks/a.ipynb": {`var baseline = \"monday/day.txt\"`, `var test = \"tuesday/day.txt\"`},
		report.SourcesName:  {`"value": "monday/day.txt"`, `"value": "tuesday/day.txt"`, `days/monday/day.txt"`},
	} {
		for _, want := range wants {
			if !strings.Contains(files[name], want) {
				t.Errorf("%s does not hold %q:\n%s", name, want, files[name])
			}
		}
		if strings.Contains(files[name], dir) {
			t.Errorf("%s holds a path of this machine", name)
		}
	}
}
