package execute

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

// note records what a cell named and read while it ran.
func (pl *plan) note(cell int, dir string, k *kernel.Kernel) {
	named, err := k.Inputs()
	seen, seenErr := k.Observed()
	if err = errors.Join(err, seenErr); err != nil {
		pl.never = err
		return
	}
	if cell >= len(pl.cells) {
		return // the plan could not be made
	}
	c := &pl.cells[cell]
	c.Dynamic = nil
	for _, path := range named {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		s, err := pl.before.Sum(sources.File, path)
		if err != nil {
			pl.never = err
			return
		}
		c.Dynamic = sources.Add(c.Dynamic, s)
	}
	pl.record(cell, seen)
}

// observation is what a kernel observed of a cell.
type observation = kernel.Observation

// record records what a cell read.
func (pl *plan) record(cell int, seen observation) {
	c := &pl.cells[cell]
	c.Reads, c.Observed = nil, seen.Complete
	var reasons []string
	for _, s := range seen.Reads {
		if s.Kind == sources.File {
			s.Kind = kindOf(s.Name)
		}
		if pl.isOutside(s) {
			continue
		}
		s, err := pl.before.Sum(s.Kind, s.Name)
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("%s, which cannot be compared: %v", filepath.Base(s.Name), err))
			continue
		}
		c.Reads = sources.Add(c.Reads, s)
	}
	reasons = slices.Concat(reasons, pl.unseen[cell], seen.Reasons)
	d := pl.declared[cell]
	if !seen.Complete && !d.inputs {
		reasons = append(reasons, "files that are not observed in this kernel; declare them as inputs")
	}
	if !seen.Complete && pl.literal[cell] != nil {
		reasons = append(reasons, pl.literal[cell].Error())
	}
	if !d.always {
		pl.reasons[cell] = reasons
	}
}

// kindOf is the kind of a source that a cell opened as a file. The content of a pipe or
// socket cannot be compared, so that the cell is not cached.
func kindOf(name string) string {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return sources.Listing
	}
	return sources.File
}

func (pl *plan) isOutside(s sources.Source) bool {
	return s.Kind != sources.Environment && slices.ContainsFunc(pl.outside, func(dir string) bool {
		return s.Name == dir || strings.HasPrefix(s.Name, dir+string(filepath.Separator))
	})
}

// describe names a cell.
func (n *notebook) describe(index int) string {
	if number := n.numbers[n.todo[index]]; number > 0 {
		return fmt.Sprintf("cell %d", number)
	}
	return "the cell of the parameters"
}

// notCached describes why cells are not cached.
func (n *notebook) notCached(pl *plan, first, done int, resumes bool) string {
	by := make(map[string][]string) // descriptions of cells by reason
	var order []string
	for i := first; i < done; i++ {
		for _, r := range pl.reasons[i] {
			if by[r] == nil {
				order = append(order, r)
			}
			by[r] = append(by[r], n.describe(i))
		}
	}
	var parts []string
	for _, r := range order {
		cells := by[r]
		if len(cells) > 3 {
			cells = append(cells[:3], fmt.Sprintf("%d more", len(cells)-3))
		}
		parts = append(parts, fmt.Sprintf("%s (%s)", r, strings.Join(cells, ", ")))
	}
	what := "not cached"
	if resumes && first > 0 {
		what = "not cached from " + n.describe(first) + " on"
	}
	return fmt.Sprintf("%s: %s, because it depends on %s", n.Name, what, strings.Join(parts, " and on "))
}

// sources lists what the notebook depends on: what it declares, imports and names,
// and the files of its folder or project that it read.
func (pl *plan) sources(dir, project string) []sources.Source {
	var all []sources.Source
	for _, c := range pl.cells {
		for _, s := range slices.Concat(c.Static, c.Literal, c.Dynamic) {
			all = sources.Add(all, s)
		}
		for _, s := range c.Reads {
			if s.Kind == sources.File && s.Exists() && (isBelow(s.Name, dir) || project != "" && isBelow(s.Name, project)) {
				all = sources.Add(all, s)
			}
		}
	}
	return all
}

func isBelow(name, dir string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rel)
}
