package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// group is one program of several cells: what is declared when the first runs,
// the main of that cell, and those of cells after it that are nothing but a main.
//
// Which main runs is chosen when the program starts, before which only what is
// declared is initialised, as in a program of the cell alone. It is called as main
// is: main is three instructions of assembler that jump there, so that no stack
// trace holds a frame more. Lines are those of the first cell's main.go, by
// //line directives, and a main that begins elsewhere in its own is shifted by as
// many, see [notebook.choose]. What is left to see is the name reportgenCell of
// functions, which the kernel's client turns into main.
//
// A cell gets its own program where it cannot be told that the shared one does the
// same: where GoNB's main.go differs from what was built in more than imports,
// flags or environment changed, or an import is one of [aloneImport] or needs
// other packages (see [needs]); where a main does not compile, the error is that of
// the cell alone. Packages and files are taken to stay as they are while the cells
// of one program run.
type group struct {
	Program string              // file name
	Setting []string            // flags and variables for the go command
	Decls   string              // of main.go
	At      int                 // the line where main begins
	Imports []importSpec        // of all its cells
	Needs   []string            // see needs
	Needed  map[string][]string // by the path of an import
	Mains   map[int]string      // by the index of the cell
}

// shared gives the cell that runs a program that other cells have too, or one that
// does nothing where the cell does nothing.
func (b *builder) shared(n *notebook, src string) bool {
	p, err := parseProgram(filepath.Join(filepath.Dir(b.out), "main.go"), src)
	if err != nil || directive.MatchString(src) {
		return false
	}
	built := n.built()
	for _, g := range built.Groups {
		if g.serves(n.now, p, b.setting()) {
			return n.choose(g, p, b.out) == nil
		}
	}
	if isNoop(p, n.cells[n.now]) {
		return os.WriteFile(b.out, []byte("#!/bin/sh\n"), 0o755) == nil
	}
	if built.Failed || strings.Contains(strings.Join(b.setting(), " "), "-overlay") {
		return false
	}
	d := newDraft(n, p, built)
	if err := b.finish(d); err != nil {
		if built.Failed = !errors.Is(err, errNone); built.Failed {
			_ = n.keep(built) // if that fails, too, the next cell tries in vain
		}
		return false
	}
	d.Setting = b.setting()
	built.Groups = append(built.Groups, d.group)
	return n.keep(built) == nil && n.choose(d.group, p, b.out) == nil
}

// serves reports whether the program of the group does what p does in the cell of
// the index.
func (g *group) serves(index int, p *program, setting []string) bool {
	if main, ok := g.Mains[index]; !ok || main != p.main || g.Decls != p.decls || !slices.Equal(g.Setting, setting) {
		return false
	}
	if slices.ContainsFunc(p.imports, func(s importSpec) bool { return !slices.Contains(g.Imports, s) }) || !slices.Equal(g.needs(p.imports), g.Needs) {
		return false
	}
	return p.at == g.At || !slices.ContainsFunc(p.imports, func(s importSpec) bool { return slices.Contains(tellsLines, s.Path) })
}

// needs are the packages that imports of the group need.
func (g *group) needs(specs []importSpec) []string {
	var all []string
	for _, s := range specs {
		all = append(all, g.Needed[s.Path]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// setting is what else a build depends on.
func (b *builder) setting() []string {
	setting := slices.Clone(b.flags)
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "GO") || strings.HasPrefix(v, "CGO_") {
			setting = append(setting, v)
		}
	}
	slices.Sort(setting[len(b.flags):])
	return setting
}
