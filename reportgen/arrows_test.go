package main

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const module = "github.com/flowbook/flowbook/"

// onlyUser names the one package of this module that may import a library.
var onlyUser = map[string]string{
	"github.com/parquet-go/parquet-go": "reportgen/internal/flowfile",
	"github.com/go-gota/gota":          "pkg/frame",
	"gonum.org/v1/plot":                "pkg/chart",
	"github.com/go-zeromq/zmq4":        "reportgen/internal/kernel",
	"github.com/janpfeifer/gonb":       "pkg/nb",
}

// TestArrows: packages import each other only as the table of packages in
// ARCHITECTURE.md allows. A row may name only packages of rows above it, so the
// graph has no cycle.
func TestArrows(t *testing.T) {
	allowed := packageTable(t)
	for pkg, imports := range packageImports(t) {
		folders, ok := allowed[folderOf(pkg)]
		if !ok {
			t.Errorf("%s has no row in ARCHITECTURE.md", pkg)
			continue
		}
		for _, imp := range imports {
			if to, ours := strings.CutPrefix(imp, module); ours {
				if r := folderOf(to); r != folderOf(pkg) && !slices.Contains(folders, r) && !slices.Contains(folders, path.Dir(r)) {
					t.Errorf("%s imports %s; ARCHITECTURE.md allows only %v", pkg, to, folders)
				}
				continue
			}
			for library, user := range onlyUser {
				if (imp == library || strings.HasPrefix(imp, library+"/")) && folderOf(pkg) != user {
					t.Errorf("%s imports %s, which only %s may", pkg, imp, user)
				}
			}
		}
	}
}

// folderOf returns the folder in ARCHITECTURE.md's table that a package is in:
// pkg/x, reportgen/x or reportgen/internal/x, with all below it.
func folderOf(pkg string) string {
	parts := strings.SplitN(pkg, "/", 4)
	depth := 2
	if strings.HasPrefix(pkg, "reportgen/internal/") {
		depth = 3
	}
	return strings.Join(parts[:min(len(parts), depth)], "/")
}

// packageTable reads from ARCHITECTURE.md which folders each folder may import.
func packageTable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|.*\\| ([^|]+) \\|$")
	allowed := map[string][]string{}
	full := map[string]string{} // "flow" to "pkg/flow"
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		name, imports := m[1], m[2]
		var folders []string
		if imports == "all" {
			folders = []string{"pkg", "reportgen", "reportgen/internal"}
		} else if imports != "none" {
			for in := range strings.SplitSeq(imports, ", ") {
				if full[in] == "" {
					t.Errorf("ARCHITECTURE.md: %s imports %s, which is not in a row above", name, in)
				}
				folders = append(folders, full[in])
			}
		}
		allowed[name] = folders
		full[path.Base(name)] = name
	}
	if len(allowed) < 10 {
		t.Fatalf("ARCHITECTURE.md: only %d packages in the table", len(allowed))
	}
	return allowed
}

// packageImports lists the direct imports of each package of the module.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-f", `{{if .GoFiles}}{{.ImportPath}} {{join .Imports " "}}{{end}}`, module+"...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue // a folder of tests only
		}
		imports[strings.TrimPrefix(f[0], module)] = f[1:]
	}
	return imports
}

// TestMainIsSmall: commands parse flags and call packages, so package main stays
// below 2,000 lines without its tests.
func TestMainIsSmall(t *testing.T) {
	const limit = 2000
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(text), "\n")
	}
	if lines == 0 || lines > limit {
		t.Errorf("package main has %d lines without tests, more than %d: move what does not parse flags into a package", lines, limit)
	}
}

// TestDependencies: the table of dependencies in ARCHITECTURE.md lists the
// modules that go.mod requires directly, and no others.
func TestDependencies(t *testing.T) {
	src, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Dependencies\n")
	table, _, _ = strings.Cut(table, "\n## ")
	listed := map[string]bool{} // whether go.mod requires it
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+/[^|]+) \|`).FindAllStringSubmatch(table, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			if host, _, _ := strings.Cut(name, "/"); !strings.Contains(host, ".") {
				name = "github.com/" + name
			}
			listed[name] = false
		}
	}
	version := regexp.MustCompile(`/v\d+$`)
	for _, r := range mod.Require {
		if r.Indirect {
			continue
		}
		name, found := version.ReplaceAllString(r.Mod.Path, ""), false
		for entry := range listed {
			if entry == name || strings.HasPrefix(entry, name+"/") {
				listed[entry], found = true, true
			}
		}
		if !found {
			t.Errorf("go.mod requires %s, which the table of dependencies in ARCHITECTURE.md lacks", r.Mod.Path)
		}
	}
	for entry, required := range listed {
		if !required {
			t.Errorf("ARCHITECTURE.md lists %s, which go.mod does not require", entry)
		}
	}
}
