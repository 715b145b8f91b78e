package starter

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// TestRequirements compares the requirements of projects with those of this module: the
// modules that the copied packages, the kernel and goimports are built from.
func TestRequirements(t *testing.T) {
	root := testenv.Path(t)
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := modfile.Parse("go.mod", mod, nil)
	if err != nil {
		t.Fatal(err)
	}
	listed := run(t, root, "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}",
		"./pkg/...", "github.com/janpfeifer/gonb", "golang.org/x/tools/cmd/goimports")
	var requires []string
	for line := range strings.Lines(listed) {
		if f := strings.Fields(line); len(f) == 2 {
			requires = append(requires, strings.TrimSpace(line))
		}
	}
	slices.Sort(requires)
	requires = slices.Compact(requires)
	project := "module " + modulePath + "\n\ngo " + own.Go.Version + "\n\nrequire (\n\t" + strings.Join(requires, "\n\t") + "\n)\n"
	testenv.Golden(t, "requirements.mod", project)

	// The checksums of these modules, and of the go.mod of those that they require.
	all, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"go.mod": []byte(project), "go.sum": all} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	graph := make(map[string]bool)
	for _, word := range strings.Fields(run(t, dir, "mod", "graph")) {
		path, version, _ := strings.Cut(word, "@")
		graph[path+" "+version+"/go.mod"] = true
	}
	for _, r := range requires {
		graph[r] = true
	}
	var kept strings.Builder
	for line := range strings.Lines(string(all)) {
		if f := strings.Fields(line); graph[f[0]+" "+f[1]] {
			kept.WriteString(line)
		}
	}
	testenv.Golden(t, "requirements.sum", kept.String())
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return string(out)
}

// A project builds as it is written, with the versions that this module pins.
func TestProjectBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the packages of a project: skipped with -short")
	}
	dir := filepath.Join(t.TempDir(), "Office in Zürich")
	names, err := Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".gitignore", ".github/workflows/report.yml", "flowbook/pkg/nb/nb.go", "go.mod", "notebooks/explore.ipynb", "notebooks/report.yaml"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %q", want, names)
		}
	}
	if mod, err := os.ReadFile(filepath.Join(dir, "go.mod")); err != nil || !strings.HasPrefix(string(mod), "module example.com/office-in-z-rich\n") {
		t.Errorf("go.mod: %.60q, %v", mod, err)
	}
	run(t, dir, "vet", "github.com/flowbook/flowbook/pkg/nb", "github.com/flowbook/flowbook/pkg/chart")
	if out := run(t, dir, "list", "-m", "-f", "{{.Version}}", "github.com/janpfeifer/gonb"); !strings.HasPrefix(out, "v") {
		t.Errorf("gonb %q", out)
	}
}

// Write changes nothing in a folder that it refuses.
func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	taken := filepath.Join(dir, "taken")
	testenv.WriteFiles(t, dir, map[string]string{"file": "", "taken/go.mod": "module x\n", "taken/data.csv": "1"})
	for _, c := range []struct{ dir, want string }{
		{file, "is a file"},
		{taken, "already has go.mod"},
		{filepath.Join(file, "below"), "not a directory"},
	} {
		if _, err := Write(c.dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.dir, err, c.want)
		}
	}
	entries, err := os.ReadDir(taken)
	if err != nil || len(entries) != 2 {
		t.Errorf("in the folder that was refused: %v, %v", entries, err)
	}
	if entries, err = os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("beside it: %v, %v", entries, err)
	}
}

// A folder with other files, such as data, can become a project.
func TestWriteBesideData(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "monday.parquet"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "monday.parquet")); err != nil {
		t.Error(err)
	}
	if _, err := Write(dir); err == nil || !strings.Contains(err.Error(), "already has") {
		t.Errorf("written twice: %v", err)
	}
}

func TestModuleName(t *testing.T) {
	for folder, want := range map[string]string{"office": "office", "Office 2024": "office-2024", "..": "report", "/": "report", "flowbook": "report", "東京": "report", "a.b": "a.b"} {
		if got := moduleName(folder); got != "example.com/"+want {
			t.Errorf("%s: %s, want %s", folder, got, want)
		}
	}
}
