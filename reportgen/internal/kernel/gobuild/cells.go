package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// cellsVariable names the folder in which a kernel says which cells it runs.
const cellsVariable = "REPORTGEN_CELLS"

// notebook is the folder in which the kernel says what it runs and this program
// keeps what it built: cells.json, a list of the sources of the cells in their
// order; running, the index of the one that runs; built.json, the programs; cell
// and shift, for the one that runs, see [notebook.choose].
type notebook struct {
	dir   string
	cells []string
	now   int
}

// openNotebook gives nil where it is not known what runs.
func openNotebook(dir string) *notebook {
	if dir == "" {
		return nil
	}
	n := &notebook{dir: dir}
	src, err := os.ReadFile(n.file("cells.json"))
	if err != nil || json.Unmarshal(src, &n.cells) != nil {
		return nil
	}
	if src, err = os.ReadFile(n.file("running")); err != nil {
		return nil
	}
	if n.now, err = strconv.Atoi(string(src)); err != nil || n.now < 0 || n.now >= len(n.cells) {
		return nil
	}
	return n
}

func (n *notebook) file(name string) string { return filepath.Join(n.dir, name) }

// mainOf is the main that GoNB makes of a cell that is nothing but the body of
// main: a line %%, comments before it, and no special command of GoNB's. Other
// cells declare something, or do what cannot be known before.
func mainOf(source string) (main string, ok bool) {
	var b strings.Builder
	for line := range strings.SplitSeq(source, "\n") {
		switch {
		case strings.HasPrefix(line, "package"), strings.HasPrefix(line, "//gonb:"):
			return "", false
		case special(line):
			if b.Len() > 0 || line != "%%" && !strings.HasPrefix(line, "%% ") || strings.HasSuffix(line, "\\") {
				return "", false
			}
			b.WriteString("func main() {\n\tflag.Parse()\n")
		case b.Len() > 0:
			b.WriteString(line + "\n")
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "//"):
			return "", false
		}
	}
	if b.Len() == 0 || directive.MatchString(source) {
		return "", false
	}
	b.WriteString("\n}")
	return b.String(), true
}

// special reports whether a line is for GoNB and not for Go.
func special(line string) bool {
	return len(line) > 1 && (line[0] == '%' || line[0] == '!')
}

// parseMain parses main and adds the names of packages that it uses. It reports
// false where main is not one function, or declares a type: the compiler numbers
// those of a program, and the number is in some types' names.
func parseMain(main string, names map[string]bool) bool {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+main, 0)
	if err != nil || len(file.Decls) != 1 {
		return false
	}
	types := false
	ast.Inspect(file, func(n ast.Node) bool {
		_, is := n.(*ast.TypeSpec)
		types = types || is
		return true
	})
	usedNames(file.Decls[0], names)
	return !types
}

// remembered are the imports that cells declare, as GoNB remembers them: the last
// of a name counts.
func remembered(cells []string) map[string]importSpec {
	specs := make(map[string]importSpec)
	for _, source := range cells {
		var b strings.Builder
		b.WriteString("package p;")
		for line := range strings.SplitSeq(source, "\n") {
			if strings.HasPrefix(line, "%%") || strings.HasPrefix(line, "%main") {
				break
			}
			if !special(line) {
				b.WriteString(line)
			}
			b.WriteString("\n")
		}
		// What can be read of imports is enough: all is compared with what GoNB
		// makes of the cell before a program is used for it.
		file, err := parser.ParseFile(token.NewFileSet(), "", b.String(), parser.ImportsOnly)
		if file == nil || err != nil {
			continue
		}
		for _, s := range importsOf(file) {
			specs[s.key()] = s
		}
	}
	return specs
}
