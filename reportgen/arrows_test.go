package main

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/flowbook/flowbook/"

// onlyUser names the one package of ours that may import a library.
var onlyUser = map[string]string{
	"github.com/parquet-go/parquet-go": "reportgen/internal/flowfile",
	"github.com/go-gota/gota":          "pkg/frame",
	"gonum.org/v1/plot":                "pkg/chart",
	"github.com/go-zeromq/zmq4":        "reportgen/internal/kernel",
	"github.com/janpfeifer/gonb":       "pkg/nb",
}

// TestArrows asserts that packages import each other only as the table of
// rooms in ARCHITECTURE.md says.
func TestArrows(t *testing.T) {
	allowed := roomTable(t)
	for pkg, imports := range packageImports(t) {
		rooms, ok := allowed[room(pkg)]
		if !ok {
			t.Errorf("%s stands in no row of ARCHITECTURE.md", pkg)
			continue
		}
		for _, imp := range imports {
			if to, ours := strings.CutPrefix(imp, module); ours {
				if r := room(to); r != room(pkg) && !slices.Contains(rooms, r) && !slices.Contains(rooms, path.Dir(r)) {
					t.Errorf("%s imports %s; ARCHITECTURE.md allows it %v", pkg, to, rooms)
				}
				continue
			}
			for library, user := range onlyUser {
				if (imp == library || strings.HasPrefix(imp, library+"/")) && room(pkg) != user {
					t.Errorf("%s imports %s, which only %s may", pkg, imp, user)
				}
			}
		}
	}
}

// room is the folder in ARCHITECTURE.md's table that a package belongs to:
// pkg/x, reportgen/x or reportgen/internal/x, with all below it.
func room(pkg string) string {
	parts := strings.SplitN(pkg, "/", 4)
	depth := 2
	if strings.HasPrefix(pkg, "reportgen/internal/") {
		depth = 3
	}
	return strings.Join(parts[:min(len(parts), depth)], "/")
}

// roomTable reads which rooms each room may import.
func roomTable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|.*\\| ([^|]+) \\|$")
	allowed := map[string][]string{}
	full := map[string]string{} // "flow" to "pkg/flow"
	var above []string
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		name, imports := m[1], m[2]
		var rooms []string
		if list, ok := strings.CutPrefix(imports, "all above but "); ok {
			rooms = slices.DeleteFunc(slices.Clone(above), func(r string) bool {
				return slices.Contains(strings.Split(list, ", "), path.Base(r))
			})
		} else if imports == "all" {
			rooms = []string{"pkg", "reportgen", "reportgen/internal"}
		} else if imports != "none" {
			for in := range strings.SplitSeq(imports, ", ") {
				rooms = append(rooms, full[in])
			}
		}
		allowed[name] = rooms
		full[path.Base(name)] = name
		above = append(above, name)
	}
	if len(allowed) < 10 {
		t.Fatalf("only %d rooms found in ARCHITECTURE.md's table", len(allowed))
	}
	return allowed
}

// packageImports lists what each package of the module imports itself.
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
