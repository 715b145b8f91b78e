package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// group is one program of several cells: the declarations when the first one runs, the
// main of that cell, and the mains of cells after it that are nothing but a main.
//
// The main that runs is chosen when the program starts, after the declarations are
// initialised, as in a program of the cell alone. Function main is three instructions
// of assembler that jump to it, so that stack traces have no additional frame. Line
// directives give the program the line numbers of the first cell's main.go; the
// kernel's client corrects those of the other cells, see [notebook.choose], and
// replaces the names reportgenCell… of the functions by main.
//
// A cell has a program of its own unless the shared one is known to do the same. It
// must have the same main.go except for unused imports, flags and environment. It
// must not import a package of [aloneImport], and needs the same packages with side
// effects as the others, see [needs]. If a main does not compile, the error is that of
// the cell's own build. Packages and files are assumed not to change while the cells
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

// shared links the program of a group for the cell that runs, or writes one that does
// nothing if the cell does nothing.
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
		note("start") // and reads nothing
		return os.WriteFile(b.out, []byte("#!/bin/sh\n"), 0o755) == nil
	}
	if built.Failed || hasFlag(b.setting(), "-overlay") || hasFlag(b.setting(), "-cover") {
		return false
	}
	d := newDraft(n, p, built)
	if err := b.finish(d); err != nil {
		if built.Failed = !errors.Is(err, errNone); built.Failed {
			_ = n.keep(built) // if that fails, the next cell tries again
		}
		return false
	}
	d.Setting = b.setting()
	built.Groups = append(built.Groups, d.group)
	return n.keep(built) == nil && n.choose(d.group, p, b.out) == nil
}

// serves reports whether the program of the group does the same as p in the cell with
// the index.
func (g *group) serves(index int, p *program, setting []string) bool {
	if main, ok := g.Mains[index]; !ok || main != p.main || g.Decls != p.decls || !slices.Equal(g.Setting, setting) {
		return false
	}
	if slices.ContainsFunc(p.imports, func(s importSpec) bool { return !slices.Contains(g.Imports, s) }) || !slices.Equal(g.needs(p.imports), g.Needs) {
		return false
	}
	return p.at == g.At || !slices.ContainsFunc(p.imports, func(s importSpec) bool { return slices.Contains(printsLines, s.Path) })
}

// needs are the packages with side effects that imports of the group need.
func (g *group) needs(specs []importSpec) []string {
	var all []string
	for _, s := range specs {
		all = append(all, g.Needed[s.Path]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// setting is what a build depends on besides the source.
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
