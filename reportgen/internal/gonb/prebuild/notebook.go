package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// cellsVariable is the environment variable that names the folder of a [notebook].
const cellsVariable = "REPORTGEN_CELLS"

// notebook is a folder that the kernel's client and this program share. The client
// writes cells.json, the sources of the cells in their order, and running, the
// index of the cell that runs. This program writes built.json, the programs that it
// built, and cell and shift for the cell that runs, see [notebook.choose].
type notebook struct {
	dir   string
	cells []string
	now   int
}

// openNotebook returns nil if it is not known which cell runs.
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

// programs are those built for a notebook so far.
type programs struct {
	Groups []*group
	Failed bool // building failed for an unforeseen reason: it is not tried again
}

func (n *notebook) built() *programs {
	p := &programs{}
	src, err := os.ReadFile(n.file("built.json"))
	if err != nil || json.Unmarshal(src, p) != nil {
		return &programs{} // missing or incomplete: they are built again
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

// choose links the program of the group to out, for the cell that runs, whose
// main.go is p. The program reads from the file cell which main to run; the kernel's
// client reads from shift how many lines main begins after that of the program. The
// last cell of the group takes the program with it.
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
