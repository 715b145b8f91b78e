package execute

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// plan is what the outputs of a notebook's cells depend on, and how many of them are
// in the cache.
type plan struct {
	slot     string
	refused  bool             // the notebook's metadata refuses the cache
	never    error            // why the outputs cannot be cached
	damaged  error            // why the cached outputs cannot be used
	cells    []cellEntry      // of the cells to run
	hits     int              // the number of cells, from the first, with cached outputs
	cached   []*nbformat.Cell // these cells
	kernel   string           // the versions of the kernel that gave the outputs
	language map[string]any   // that it reported
	widgets  map[string]any   // the state of its widgets
	start    time.Time
	before   *sources.Hasher
	imports  kernel.Dependencies // nil if they could not be looked up

	declared []declaration // of the cells, with that of the notebook
	literal  []error       // why the literals of a cell could not be looked up
	unseen   [][]string    // what its imports depend on and cannot be compared
	reasons  [][]string    // why a cell cannot be cached
	outside  []string      // folders of the cache and of [Cache.Places]; their files do not count
}

// planner makes the plans of a run's notebooks.
type planner struct {
	opts  Options
	start time.Time
	sums  *sources.Hasher

	imports map[project]kernel.Dependencies
	errs    map[project]error // of projects without imports

	mu         sync.Mutex
	identities map[*kernel.Spec]string
}

// project is a folder whose packages cells of one kernel import.
type project struct{ kernel, root string }

func projectOf(spec *kernel.Spec) project { return project{spec.Name, spec.Project} }

// newPlanner looks up what the code of all notebooks depends on.
func newPlanner(ctx context.Context, ready []*notebook, opts Options) *planner {
	p := &planner{
		opts: opts, start: time.Now(), sums: sources.NewHasher(),
		imports: make(map[project]kernel.Dependencies), errs: make(map[project]error), identities: make(map[*kernel.Spec]string),
	}
	codes := make(map[project][]string)
	of := make(map[project]kernel.Driver)
	for _, n := range ready {
		if n.spec == nil {
			continue
		}
		key := projectOf(n.spec)
		of[key] = n.spec.Driver
		for _, c := range n.todo {
			codes[key] = append(codes[key], n.codeOf(c))
		}
	}
	for key, driver := range of {
		p.imports[key], p.errs[key] = driver.Dependencies(ctx, key.root, codes[key], p.sums)
	}
	return p
}

// plan finds what n depends on. If that fails, the notebook runs and is not cached.
func (p *planner) plan(n *notebook, dir string) *plan {
	pl := &plan{start: p.start, before: p.sums, imports: p.imports[projectOf(n.spec)], outside: p.outside()}
	if err := p.fill(pl, n, dir); err != nil {
		pl.never = err
	}
	if p.opts.Cache != nil && pl.never == nil && !pl.refused {
		pl.look(p.opts.Cache)
	}
	return pl
}

func (p *planner) fill(pl *plan, n *notebook, dir string) error {
	identity, err := p.identity(n.spec)
	if err != nil {
		return err
	}
	if err := p.errs[projectOf(n.spec)]; err != nil {
		return err
	}
	pl.slot = chain("slot", dir, n.Name, n.spec.Name, n.injected())
	link := chain(identity, append(p.environment(n.spec), strconv.Itoa(cacheFormat))...)
	link = chain(link, strings.Join(p.opts.Hide, "\n"))
	whole, err := declared(p.sums, dir, n.nb.Metadata)
	if err != nil {
		return err
	}
	static := whole.sources
	for _, c := range n.todo {
		code := n.codeOf(c)
		d, err := declared(p.sums, dir, c.Metadata)
		if err != nil {
			return err
		}
		imported, err := pl.imports.Of(dir, code)
		if err != nil {
			return err
		}
		for _, s := range slices.Concat(d.sources, imported) {
			static = sources.Add(static, s)
		}
		pl.refused = pl.refused || d.never || whole.never
		d.inputs, d.always = d.inputs || whole.inputs, d.always || whole.always
		pl.declared = append(pl.declared, d)
		pl.unseen = append(pl.unseen, pl.imports.Unseen(code))
		literal, err := literalSources(p.sums, dir, code)
		pl.literal = append(pl.literal, err)
		link = chain(link, code, strings.Join(c.Tags(), "\n"))
		pl.cells = append(pl.cells, cellEntry{Chain: link, Static: slices.Clone(static), Literal: literal})
	}
	pl.reasons = make([][]string, len(pl.cells))
	return nil
}

// outside lists folders whose files are not sources.
func (p *planner) outside() []string {
	if p.opts.Cache == nil {
		return nil
	}
	folders := []string{p.opts.Cache.Dir}
	for _, e := range p.opts.Env {
		if name, value, _ := strings.Cut(e, "="); slices.Contains(p.opts.Cache.Places, name) && filepath.IsAbs(value) {
			folders = append(folders, value)
		}
	}
	return folders
}

// identity is that of the kernel.
func (p *planner) identity(spec *kernel.Spec) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id := p.identities[spec]; id != "" {
		return id, nil
	}
	id, err := spec.Identity()
	if err != nil {
		return "", err
	}
	p.identities[spec] = id
	return id, nil
}

// environment is the part of the kernel's environment that may change outputs.
func (p *planner) environment(spec *kernel.Spec) []string {
	var texts []string
	for _, e := range p.opts.Env {
		if name, _, _ := strings.Cut(e, "="); p.opts.Cache == nil || !slices.Contains(p.opts.Cache.Places, name) {
			texts = append(texts, e)
		}
	}
	for _, name := range slices.Concat(ambient, spec.Driver.Environment()) {
		texts = append(texts, name+"="+os.Getenv(name))
	}
	return texts
}

// injected is the code of the injected parameters.
func (n *notebook) injected() string {
	for _, c := range n.todo {
		if code, ok := n.code[c]; ok {
			return code
		}
	}
	return ""
}

// look counts the cells whose outputs are in the cache.
func (pl *plan) look(c *Cache) {
	k, nb, err := c.load(pl.slot)
	if pl.damaged = err; k == nil {
		return
	}
	n := 0
	for n < min(len(k.Cells), len(pl.cells)) && pl.valid(k.Cells[n], pl.cells[n]) {
		is, was := &pl.cells[n], k.Cells[n]
		is.Dynamic, is.Reads, is.Observed, is.Updated = was.Dynamic, was.Reads, was.Observed, was.Updated
		n++
	}
	// A later cell may have updated a display of an earlier one.
	for i := 0; i < n; i++ {
		if k.Cells[i].Updated > n {
			n, i = i, -1
		}
	}
	pl.hits, pl.cached, pl.kernel = n, nb.Cells[:n], k.Kernel
	pl.language, _ = nb.Metadata["language_info"].(map[string]any)
	if n == len(pl.cells) {
		pl.widgets, _ = nb.Metadata["widgets"].(map[string]any)
	}
}

// valid reports whether what a cell depends on is unchanged.
func (pl *plan) valid(was, is cellEntry) bool {
	if was.Chain != is.Chain || !slices.Equal(was.Static, is.Static) || !was.Observed && !slices.Equal(was.Literal, is.Literal) {
		return false
	}
	for _, s := range slices.Concat(was.Dynamic, was.Reads) {
		now, err := pl.before.Sum(s.Kind, s.Name)
		if err != nil || now != s {
			return false
		}
	}
	return true
}

// unchanged counts the cells, of the first n, whose sources are the same as when the
// run began: only then did the cells read the hashed contents. If it is less than n, it
// returns the name of a source that changed, too.
func (pl *plan) unchanged(n int) (int, string) {
	if pl.imports.ChangedSince(pl.start) {
		return 0, "a package"
	}
	after := sources.NewHasher()
	for i, c := range pl.cells[:n] {
		all := slices.Concat(c.Static, c.Dynamic, c.Reads)
		if !c.Observed {
			all = append(all, c.Literal...)
		}
		for _, s := range all {
			if s.Kind == sources.Package || s.Kind == sources.Modules {
				continue
			}
			if now, err := after.Sum(s.Kind, s.Name); err != nil || now != s || s.Kind == sources.File && sources.ChangedSince(s.Name, pl.start) {
				return i, filepath.Base(s.Name)
			}
		}
	}
	return n, ""
}

// keep writes the outputs of the first done cells to the cache, as far as they can be
// cached.
func (pl *plan) keep(cache *Cache, n *notebook, dir string, done int, updated map[*nbformat.Cell]bool) error {
	if cache == nil || pl.refused || pl.never != nil || done == 0 {
		return pl.never
	}
	for i, c := range n.todo[:done] {
		if updated[c] {
			pl.cells[i].Updated = done
		}
	}
	sound, changed := pl.unchanged(done)
	if sound < done {
		n.notes = append(n.notes, fmt.Sprintf("%s: %s is not cached: %s changed while the notebook ran", n.Name, n.describe(sound), changed))
	}
	first := slices.IndexFunc(pl.reasons[:done], func(r []string) bool { return len(r) > 0 })
	_, resumes := n.spec.Driver.(kernel.Resumer)
	if first >= 0 {
		n.notes = append(n.notes, n.notCached(pl, first, done, resumes))
		sound = min(sound, first)
	}
	if sound == 0 || sound < len(n.todo) && !resumes && first >= 0 {
		return nil // no cell can be reused
	}
	kept := &nbformat.Notebook{Minor: 5, Cells: n.todo[:sound], Metadata: map[string]any{"language_info": pl.language}}
	if pl.widgets != nil {
		kept.Metadata["widgets"] = pl.widgets
	}
	return cache.save(pl.slot, &entry{Notebook: filepath.Join(dir, n.Name), Kernel: pl.kernel, Cells: pl.cells[:sound]}, kept)
}
