package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// programs are what was built for a notebook so far.
type programs struct {
	Groups []*group
	Failed bool // what nobody foresaw: no more are tried, which would cost each cell
}

func (n *notebook) built() *programs {
	p := &programs{}
	src, err := os.ReadFile(n.file("built.json"))
	if err != nil || json.Unmarshal(src, p) != nil {
		return &programs{} // none, or one that was not written whole: they are built again
	}
	return p
}

func (n *notebook) keep(p *programs) error {
	src, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return os.WriteFile(n.file("built.json"), src, 0o600)
}

// choose makes the program of the group that of the cell that runs, whose main.go
// is p: the file cell says to the program which cell it is, and shift to the
// kernel's client by how many lines main lies elsewhere in main.go than in that of
// the program. The last cell takes the program with it.
func (n *notebook) choose(g *group, p *program, out string) error {
	if err := os.WriteFile(n.file("cell"), []byte(strconv.Itoa(n.now)), 0o600); err != nil {
		return err
	}
	if shift := p.at - g.At; shift != 0 {
		if err := os.WriteFile(n.file("shift"), []byte(strconv.Itoa(shift)), 0o600); err != nil {
			return err
		}
	}
	program := filepath.Join(n.dir, g.Program)
	if n.now == slices.Max(slices.Collect(maps.Keys(g.Mains))) {
		return os.Rename(program, out)
	}
	return os.Link(program, out)
}
