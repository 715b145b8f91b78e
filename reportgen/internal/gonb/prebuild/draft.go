package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
)

// maxCells bounds the work that is lost if a cell fails.
const maxCells = 64

// draft is a group whose program is being built.
type draft struct {
	*group
	n     *notebook
	p     *program
	names map[int]map[string]bool // that may be packages', by cell
	specs map[int][]importSpec    // by cell
	shown map[int]string          // mains that display the value of their last expression, by cell
}

// newDraft takes the cell that runs and the cells after it that may share a program
// with it and have none yet.
func newDraft(n *notebook, p *program, built *programs) *draft {
	d := &draft{
		group: &group{
			Program: fmt.Sprintf("program%d", len(built.Groups)), Decls: p.decls, At: p.at,
			Mains: map[int]string{n.now: p.main}, Needed: make(map[string][]string),
		},
		n: n, p: p, names: make(map[int]map[string]bool), specs: map[int][]importSpec{n.now: p.imports},
		shown: make(map[int]string),
	}
	if p.shown != "" {
		d.shown[n.now] = p.shown
	}
	for i := n.now + 1; i < len(n.cells) && len(d.Mains) < maxCells; i++ {
		main, ok := magic.Parse(n.cells[i]).Main()
		if !ok || directive.MatchString(n.cells[i]) {
			break // it may declare something
		}
		names := maps.Clone(p.names)
		if !built.have(i, main, p.decls) && parseMain(main, names) {
			d.Mains[i], d.names[i] = main, names
		}
	}
	return d
}

func (p *programs) have(index int, main, decls string) bool {
	return slices.ContainsFunc(p.Groups, func(g *group) bool { return g.Mains[index] == main && g.Decls == decls })
}

var errNone = errors.New("no cells can share a program")

// finish finds the imports of the cells, drops the cells that cannot share a program,
// and builds the program. It returns errNone if fewer than two cells are left.
func (b *builder) finish(d *draft) error {
	if len(d.Mains) == 1 || slices.ContainsFunc(d.p.imports, func(s importSpec) bool { return aloneImport(s.Path) }) {
		return errNone
	}
	if err := b.resolve(d); err != nil {
		return err
	}
	var paths []string
	for _, s := range d.Imports {
		paths = append(paths, s.Path)
	}
	all, err := b.packages(paths)
	if err != nil {
		return err
	}
	d.admit(all)
	err = b.compile(d)
	if err == nil {
		return nil
	}
	if err := b.dropFaulty(d); err != nil {
		return err
	}
	return b.compile(d)
}

// resolve finds the imports of all cells as GoNB does: those that they declare and
// use, and those that goimports adds for the other names.
func (b *builder) resolve(d *draft) error {
	specs := remembered(d.n.cells[:d.n.now+1])
	for _, s := range d.p.imports {
		specs[s.key()] = s
	}
	d.Imports = slices.SortedFunc(maps.Values(specs), func(a, b importSpec) int { return strings.Compare(a.String(), b.String()) })
	cmd := exec.Command("goimports", "-srcdir", d.p.path)
	cmd.Stdin = strings.NewReader(d.source(bare))
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	if d.Imports, err = parseImports(string(out)); importsFlowbook(d.Imports) {
		d.Imports = append(d.Imports, showImport)
	}
	return err
}

// admit drops the cells that need other packages than the first.
func (d *draft) admit(all map[string]goPackage) {
	for _, s := range d.Imports {
		d.Needed[s.Path] = needs(all, []string{s.Path})
	}
	d.Needs = d.needs(d.p.imports)
	for i, names := range d.names {
		var specs []importSpec
		for _, s := range d.Imports {
			name := s.Name
			if name == "" {
				name = all[s.Path].name
			}
			if names[name] || name == "_" || name == "." {
				specs = append(specs, s)
			}
		}
		if shown, ok := showsValue(d.Mains[i], d.At, d.p.file, specs); ok && importsFlowbook(specs) {
			d.shown[i] = shown
			specs = append(specs, showImport)
		}
		alone := slices.ContainsFunc(specs, func(s importSpec) bool { return aloneImport(s.Path) })
		if d.specs[i] = specs; alone || !slices.Equal(d.needs(specs), d.Needs) {
			delete(d.Mains, i)
		}
	}
}

// compile builds the program, lean if possible.
func (b *builder) compile(d *draft) error {
	if len(d.Mains) == 1 {
		return errNone
	}
	d.Imports = nil
	for i := range d.Mains {
		d.Imports = append(d.Imports, d.specs[i]...)
	}
	slices.SortFunc(d.Imports, func(a, b importSpec) int { return strings.Compare(a.String(), b.String()) })
	d.Imports = slices.Compact(d.Imports)
	src := d.source(whole)
	overlay, err := b.overlay(d, src)
	if err != nil {
		return err
	}
	program := d.n.file(d.Program)
	if lean, err := b.lean(src, program, overlay...); lean || err != nil {
		return err
	}
	return b.command(false, slices.Concat([]string{"build", "-o", program}, overlay, b.flags)...).Run()
}

var cellPlace = regexp.MustCompile(`(?m)^(?:\S*/)?cell([0-9]+):[0-9]+[: ](.*)`)

// dropFaulty drops the cells that do not compile.
func (b *builder) dropFaulty(d *draft) error {
	overlay, err := b.overlay(d, d.source(marked))
	if err != nil {
		return err
	}
	args := slices.Concat([]string{"build", "-o", os.DevNull, "-gcflags=-e"}, overlay, b.flags)
	out, err := b.command(true, args...).CombinedOutput()
	places := cellPlace.FindAllStringSubmatch(string(out), -1)
	if err == nil || len(places) == 0 {
		return errors.New("no cell has the compile error")
	}
	for _, m := range places {
		i, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		if _, ok := d.shown[i]; ok && noValue.MatchString(m[2]) {
			delete(d.shown, i)
			continue
		}
		if i == d.n.now {
			return errNone // its own build says what is wrong
		}
		delete(d.Mains, i)
	}
	return nil
}

// The function main of a program of several cells: a jump to the main of one cell,
// which returns to the caller of main. 516 is NOSPLIT and NOFRAME.
const (
	jumpAMD64 = "TEXT ·main(SB), 516, $0-0\n\tMOVQ ·reportgenMain(SB), DX\n\tMOVQ (DX), AX\n\tJMP AX\n"
	jumpARM64 = "TEXT ·main(SB), 516, $0-0\n\tMOVD ·reportgenMain(SB), R26\n\tMOVD (R26), R0\n\tJMP (R0)\n"
)

// functionOf is the name of the main of the cell at an index.
func functionOf(index int) string { return fmt.Sprintf("reportgenCell%d", index) }

// form is a form of a program's source.
type form int

const (
	whole  form = iota // to be built
	bare               // without //line directives and the choice of a cell, for goimports
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
		main := d.Mains[i]
		if shown, ok := d.shown[i]; ok && f != bare {
			main = shown
		}
		line(file, d.p.at)
		b.WriteString(rename(main, functionOf(i)) + "\n")
	}
	if f == bare {
		return b.String()
	}
	line(d.n.file("main.go"), 1)
	if slices.Contains(d.Imports, showImport) {
		b.WriteString(showFunction)
	}
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

// overlay writes the files of the program and returns the flag that overlays them
// on the folder of main.go.
func (b *builder) overlay(d *draft, src string) ([]string, error) {
	dir := filepath.Dir(d.p.path)
	replace := b.observe(dir)
	if replace == nil {
		replace = make(map[string]string)
	}
	for name, text := range map[string]string{"main.go": src, "reportgen_amd64.s": jumpAMD64, "reportgen_arm64.s": jumpARM64} {
		replace[filepath.Join(dir, name)] = d.n.file(name)
		if err := os.WriteFile(d.n.file(name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return overlayFlag(d.n.file("overlay.json"), replace)
}
