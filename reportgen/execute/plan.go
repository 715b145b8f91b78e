package execute

import (
	"context"
	"embed"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// own is this package's code: what it puts among outputs changes with it.
//
//go:embed *.go
var own embed.FS

// plan is what the outputs of a notebook's cells depend on, cell by cell, and how
// many of them the cache has.
type plan struct {
	slot   string
	wanted bool       // to keep nothing, by the notebook's own word
	never  error      // why nothing of the notebook can be kept
	cells  []keptCell // of the cells to run
	hits   int        // the cells, from the first, whose outputs are kept
	kept   []*nbformat.Cell
	kernel string // the versions of the one that gave the outputs
	start  time.Time
	before *hasher
	module *modules // nil where cells import from none
}

// planner makes the plans of a run's notebooks.
type planner struct {
	opts  Options
	start time.Time
	sums  *hasher

	mu         sync.Mutex
	modules    map[string]*modules // by root
	errs       map[string]error    // why there are none
	identities map[*kernel.Spec]string
}

// newPlanner looks up the Go packages of all notebooks at once.
func newPlanner(ctx context.Context, ready []*notebook, opts Options) *planner {
	p := &planner{
		opts: opts, start: time.Now(), sums: newHasher(),
		modules: make(map[string]*modules), errs: make(map[string]error), identities: make(map[*kernel.Spec]string),
	}
	codes := make(map[string][]string)
	for _, n := range ready {
		if n.spec == nil || n.spec.Module == "" {
			continue
		}
		for _, c := range n.todo {
			codes[n.spec.Module] = append(codes[n.spec.Module], n.codeOf(c))
		}
	}
	for root, all := range codes {
		p.modules[root], p.errs[root] = newModules(ctx, root, all)
	}
	return p
}

// plan says what n depends on. That it cannot be told is no reason not to run: the
// plan then says why nothing is kept.
func (p *planner) plan(n *notebook, dir string) *plan {
	pl := &plan{start: p.start, before: p.sums, module: p.modules[n.spec.Module]}
	if err := p.fill(pl, n, dir); err != nil {
		pl.never = err
	}
	if p.opts.Cache != nil && pl.never == nil && !pl.wanted {
		pl.look(p.opts.Cache)
	}
	return pl
}

func (p *planner) fill(pl *plan, n *notebook, dir string) error {
	identity, err := p.identity(n.spec)
	if err != nil {
		return err
	}
	pl.slot = chain("slot", dir, n.Name, n.spec.Name, n.injected())
	link := chain(identity, p.environment()...)
	link = chain(link, strings.Join(p.opts.Hide, "\n"))
	decl, err := declared(p.sums, dir, n.nb.Metadata)
	if err != nil {
		return err
	}
	if decl.never {
		pl.wanted = true
	}
	static := decl.sources
	modules, err := pythonModules(p.sums, n, dir)
	if err != nil {
		return err
	}
	for _, s := range modules {
		static = addSource(static, s)
	}
	for _, c := range n.todo {
		code := n.codeOf(c)
		if static, err = p.cellSources(pl, n, c, dir, static); err != nil {
			return err
		}
		link = chain(link, code, strings.Join(c.Tags(), "\n"))
		pl.cells = append(pl.cells, keptCell{Chain: link, Static: slices.Clone(static)})
	}
	return nil
}

// cellSources adds the sources of a cell to those of the cells before it.
func (p *planner) cellSources(pl *plan, n *notebook, c *nbformat.Cell, dir string, static []Source) ([]Source, error) {
	code := n.codeOf(c)
	decl, err := declared(p.sums, dir, c.Metadata)
	if err != nil {
		return nil, err
	}
	if decl.never {
		pl.wanted = true
	}
	named, err := mentioned(p.sums, dir, code)
	if err != nil {
		return nil, err
	}
	var imported []Source
	if _, isGo := languageOf(n.nb).(goLanguage); isGo {
		switch m, err := p.modules[n.spec.Module], p.errs[n.spec.Module]; {
		case err != nil:
			return nil, err
		case m != nil:
			imported = m.sources(code)
		case len((&modules{}).imports(code)) > 0:
			return nil, errors.New("cells import packages whose versions no go.mod pins")
		}
	}
	for _, s := range slices.Concat(decl.sources, named, imported) {
		static = addSource(static, s)
	}
	return static, nil
}

// identity is that of the kernel and of this program's part in the outputs.
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
	entries, err := own.ReadDir(".")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		src, err := own.ReadFile(e.Name())
		if err != nil {
			return "", err
		}
		id = chain(id, e.Name(), string(src))
	}
	p.identities[spec] = id
	return id, nil
}

// environment is what the kernel's variables say that cells may show.
func (p *planner) environment() []string {
	var texts []string
	for _, e := range p.opts.Env {
		if name, _, _ := strings.Cut(e, "="); p.opts.Cache == nil || !slices.Contains(p.opts.Cache.Places, name) {
			texts = append(texts, e)
		}
	}
	for _, name := range ambient {
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

// look counts the cells whose outputs the cache has.
func (pl *plan) look(c *Cache) {
	k, nb := c.load(pl.slot)
	if k == nil {
		return
	}
	n := 0
	for n < min(len(k.Cells), len(pl.cells)) && pl.stands(k.Cells[n], pl.cells[n]) {
		pl.cells[n].Dynamic, pl.cells[n].Updated = k.Cells[n].Dynamic, k.Cells[n].Updated
		n++
	}
	// What a cell displays may hold what a later one made of it.
	for i := 0; i < n; i++ {
		if k.Cells[i].Updated > n {
			n, i = i, -1
		}
	}
	pl.hits, pl.kept, pl.kernel = n, nb.Cells[:n], k.Kernel
}

// stands reports whether what a cell depends on is as it was.
func (pl *plan) stands(was, is keptCell) bool {
	if was.Chain != is.Chain || !slices.Equal(was.Static, is.Static) {
		return false
	}
	for _, s := range was.Dynamic {
		now, err := pl.before.sum(s.Kind, s.Name)
		if err != nil || now != s {
			return false
		}
	}
	return true
}

// note records the files that a cell named as it ran.
func (pl *plan) note(cell int, dir string, paths []string) {
	if cell >= len(pl.cells) {
		return // the plan could not be made
	}
	pl.cells[cell].Dynamic = nil
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		s, err := pl.before.sum(KindFile, path)
		if err != nil {
			pl.never = err
			return
		}
		pl.cells[cell].Dynamic = addSource(pl.cells[cell].Dynamic, s)
	}
}

// unchanged counts the cells, of the first n, whose sources are now what they
// were when the run began: only then did the cell read what was hashed.
func (pl *plan) unchanged(n int) int {
	if pl.module != nil && slices.ContainsFunc(pl.module.files, func(f string) bool { return changedSince(f, pl.start) }) {
		return 0
	}
	after := newHasher()
	for i, c := range pl.cells[:n] {
		for _, s := range slices.Concat(c.Static, c.Dynamic) {
			if s.Kind == KindPackage || s.Kind == KindModules {
				continue
			}
			if now, err := after.sum(s.Kind, s.Name); err != nil || now != s || s.Kind == KindFile && changedSince(s.Name, pl.start) {
				return i
			}
		}
	}
	return n
}

// keep writes the outputs of the first done cells to the cache.
func (pl *plan) keep(cache *Cache, n *notebook, dir string, done int, updated map[*nbformat.Cell]bool) error {
	if cache == nil || pl.wanted || pl.never != nil || done == 0 {
		return pl.never
	}
	for i, c := range n.todo[:done] {
		if updated[c] {
			pl.cells[i].Updated = done
		}
	}
	sound := pl.unchanged(done)
	if sound == 0 {
		return nil
	}
	return cache.save(pl.slot, kept{Notebook: filepath.Join(dir, n.Name), Kernel: pl.kernel, Cells: pl.cells[:sound]}, n.todo[:sound])
}

// sources are all that the notebook depends on.
func (pl *plan) sources() []Source {
	var all []Source
	for _, c := range pl.cells {
		for _, s := range slices.Concat(c.Static, c.Dynamic) {
			all = addSource(all, s)
		}
	}
	return all
}
