package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mostCells bounds what is built for nothing where a cell fails.
const mostCells = 64

// draft is a group on its way to a program.
type draft struct {
	*group
	n     *notebook
	p     *program
	names map[int]map[string]bool // that may be packages', by cell
	specs map[int][]importSpec    // by cell
}

// newDraft takes the cell that runs and those after it that could share a program
// with it and have none.
func newDraft(n *notebook, p *program, built *programs) *draft {
	d := &draft{
		group: &group{
			Program: fmt.Sprintf("program%d", len(built.Groups)), Decls: p.decls, At: p.at,
			Mains: map[int]string{n.now: p.main}, Needed: make(map[string][]string),
		},
		n: n, p: p, names: make(map[int]map[string]bool), specs: map[int][]importSpec{n.now: p.imports},
	}
	for i := n.now + 1; i < len(n.cells) && len(d.Mains) < mostCells; i++ {
		main, ok := mainOf(n.cells[i])
		if !ok {
			break // what is declared after it is not known
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

// finish finds what the cells import, leaves out those that cannot share, and
// builds the program. It gives errNone where no two are left.
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
	if err := b.leaveOutFaulty(d); err != nil {
		return err
	}
	return b.compile(d)
}

// resolve finds the imports of all cells: those that they declared, as far as they
// are used, and what goimports makes of the other names, as GoNB does.
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
	d.Imports, err = parseImports(string(out))
	return err
}

// admit leaves out the cells that need other packages than the first.
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
		alone := slices.ContainsFunc(specs, func(s importSpec) bool { return aloneImport(s.Path) })
		if d.specs[i] = specs; alone || !slices.Equal(d.needs(specs), d.Needs) {
			delete(d.Mains, i)
		}
	}
}

// compile builds the program, lean where it can be.
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
	overlay, err := d.overlay(src)
	if err != nil {
		return err
	}
	program := d.n.file(d.Program)
	if lean, err := b.lean(src, program, overlay); lean || err != nil {
		return err
	}
	return b.command(false, slices.Concat([]string{"build", "-o", program, overlay}, b.flags)...).Run()
}

var cellPlace = regexp.MustCompile(`(?m)^(?:\S*/)?cell([0-9]+):[0-9]+[: ]`)

// leaveOutFaulty leaves out the cells that the compiler finds fault with.
func (b *builder) leaveOutFaulty(d *draft) error {
	overlay, err := d.overlay(d.source(marked))
	if err != nil {
		return err
	}
	args := slices.Concat([]string{"build", "-o", os.DevNull, overlay, "-gcflags=-e"}, b.flags)
	out, err := b.command(true, args...).CombinedOutput()
	places := cellPlace.FindAllStringSubmatch(string(out), -1)
	if err == nil || len(places) == 0 {
		return errors.New("the fault is in no cell")
	}
	for _, m := range places {
		i, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		if i == d.n.now {
			return errNone // its own build says what is wrong
		}
		delete(d.Mains, i)
	}
	return nil
}

// overlay writes the files of the program and gives the flag that puts them into
// the folder of main.go.
func (d *draft) overlay(src string) (flag string, err error) {
	var files struct{ Replace map[string]string }
	files.Replace = make(map[string]string)
	for name, text := range map[string]string{"main.go": src, "reportgen_amd64.s": jumpAMD64, "reportgen_arm64.s": jumpARM64} {
		files.Replace[filepath.Join(filepath.Dir(d.p.path), name)] = d.n.file(name)
		if err := os.WriteFile(d.n.file(name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(files)
	if err != nil {
		return "", err
	}
	return "-overlay=" + d.n.file("overlay.json"), os.WriteFile(d.n.file("overlay.json"), text, 0o600)
}
