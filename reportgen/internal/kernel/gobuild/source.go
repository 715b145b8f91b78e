package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// The function main of a program of several cells. It leaves nothing on the stack:
// the one that it jumps to returns to where main was called. 516 is NOSPLIT and
// NOFRAME.
const (
	jumpAMD64 = "TEXT ·main(SB), 516, $0-0\n\tMOVQ ·reportgenMain(SB), DX\n\tMOVQ (DX), AX\n\tJMP AX\n"
	jumpARM64 = "TEXT ·main(SB), 516, $0-0\n\tMOVD ·reportgenMain(SB), R26\n\tMOVD (R26), R0\n\tJMP (R0)\n"
)

// functionOf is the name of the main of the cell at an index.
func functionOf(index int) string { return fmt.Sprintf("reportgenCell%d", index) }

// form is how much of a program's source is wanted.
type form int

const (
	whole  form = iota // to be built
	bare               // without lines and choice, for goimports
	marked             // with the cells' indexes as file names, for the compiler's errors
)

// source is the program of the cells.
func (d *draft) source(f form) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for _, s := range d.Imports {
		fmt.Fprintf(&b, "\t%s\n", s)
	}
	if f != bare {
		b.WriteString("\treportgenOS \"os\"\n")
	}
	b.WriteString(")\n")
	line := func(file string, n int) {
		if b.WriteString("\n"); f != bare {
			fmt.Fprintf(&b, "//line %s:%d\n", file, n)
		}
	}
	line(d.p.path, d.p.line)
	b.WriteString(d.p.decls)
	indexes := slices.Sorted(maps.Keys(d.Mains))
	for _, i := range indexes {
		file := d.p.path
		if f == marked {
			file = fmt.Sprintf("%s%d", filepath.Join(d.n.dir, "cell"), i)
		}
		line(file, d.p.at)
		b.WriteString(rename(d.Mains[i], functionOf(i)) + "\n")
	}
	if f == bare {
		return b.String()
	}
	line(d.n.file("main.go"), 1)
	b.WriteString("func main()\n\nvar reportgenMain func()\n\nfunc init() {\n")
	fmt.Fprintf(&b, "\tcell, err := reportgenOS.ReadFile(%q)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tswitch string(cell) {\n", d.n.file("cell"))
	for _, i := range indexes {
		fmt.Fprintf(&b, "\tcase \"%d\":\n\t\treportgenMain = %s\n", i, functionOf(i))
	}
	b.WriteString("\tdefault:\n\t\tpanic(\"no such cell: \" + string(cell))\n\t}\n}\n")
	return b.String()
}

func parseImports(src string) ([]importSpec, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", src, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	return importsOf(file), nil
}
