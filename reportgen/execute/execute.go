package execute

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/reportgen/internal/drivers"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Tags of cells.
const (
	tagParameters = "parameters"
	tagInjected   = "injected-parameters"
	tagSkip       = "skip-execution"
	tagRaises     = "raises-exception"
)

// Source is something that a cell's outputs depend on besides its own code.
type Source = sources.Source

// The kinds of [Source].
const (
	KindFile        = sources.File
	KindFolder      = sources.Folder
	KindFiles       = sources.Files
	KindEnvironment = sources.Environment
	KindPackage     = sources.Package
	KindModules     = sources.Modules
)

// Input is a notebook to run.
type Input struct {
	Name     string // for errors and progress
	Dir      string // the kernel's working directory, from which the kernel is looked for
	Notebook *nbformat.Notebook
}

// Options configure a run. The zero value runs each notebook with the kernel that it
// names and without a timeout.
type Options struct {
	Kernel       string        // overrides the kernels that the notebooks name
	Parameters   []Parameter   // see [Parameter]
	CellTimeout  time.Duration // per cell; 0: none
	Timeout      time.Duration // for all notebooks; 0: none
	StartTimeout time.Duration // for the start of a kernel; 0: one minute
	Jobs         int           // notebooks that run at the same time; 0: GOMAXPROCS
	Env          []string      // added to the kernels' environment, as KEY=value
	Hide         []string      // pairs of strings to replace in outputs, see [kernel.Options]
	Cache        *Cache        // outputs of earlier runs; nil: every cell runs
	AllowErrors  bool          // run the cells after one whose code failed
	Log          io.Writer     // messages about building a kernel; nil: none
	Progress     func(Event)   // called with each event, never concurrently; may be nil
	// Ending is a group in which kernels shut down after their last cell, while the
	// caller goes on. Files that a cell did not close may be complete only after its
	// Wait, which returns errors of the shutdown. If it is nil, Run waits.
	Ending *errgroup.Group
}

// Result is one notebook after its run.
type Result struct {
	Input
	Notebook *nbformat.Notebook // with the outputs of the cells that ran
	Err      error              // an [*Error] if a cell failed; several are joined
	Cached   int                // cells from the first whose outputs are from the cache
	Sources  []Source           // what the cells that ran depend on
	Kernel   string             // the versions of the kernel and its language, see [kernel.Info]; empty if no cell ran
	Warnings []string           // about the cache, and cells that a notebook leaves out
	Notes    []string           // cells that are not cached, and why
}

// Event is one step of a run.
type Event struct {
	Notebook int // index of the input
	Name     string
	Done     int   // cells that ran or are from the cache
	Cached   int   // cells from the cache
	Cells    int   // all cells
	Finished bool  // the notebook has ended
	Err      error // of a finished notebook
}

// Run runs the notebooks and returns a result for each, in their order. An error
// means that nothing was run: it is an [*UnknownParameterError] for a parameter that no
// notebook declares, a [*ParameterValueError] for one of the wrong type.
func Run(ctx context.Context, inputs []Input, opts Options) ([]Result, error) {
	ready, err := prepare(inputs, opts.Parameters)
	if err != nil {
		return nil, err
	}
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, opts.Timeout, &TimeoutError{What: "the whole run", Limit: opts.Timeout})
		defer cancel()
	}
	if opts.Log == nil {
		opts.Log = io.Discard
	}
	// Kernels are looked up one by one, since the first may have to be built.
	specs := newSpecs(opts)
	for _, r := range ready {
		r.spec, r.specErr = specs.find(ctx, r)
	}
	var mu sync.Mutex
	tell := func(e Event) {
		if opts.Progress != nil {
			mu.Lock()
			defer mu.Unlock()
			opts.Progress(e)
		}
	}
	for i, r := range ready {
		r.tell, r.event = tell, Event{Notebook: i, Name: r.Name, Cells: len(r.todo)}
		tell(r.event) // reports the total from the start
	}
	plans := newPlanner(ctx, ready, opts)
	results := make([]Result, len(inputs))
	var group errgroup.Group
	jobs := cmp.Or(opts.Jobs, runtime.GOMAXPROCS(0))
	group.SetLimit(jobs)
	for _, i := range startOrder(ready, jobs) {
		r := ready[i]
		group.Go(func() error {
			err := r.run(ctx, plans, opts)
			results[i] = Result{Input: inputs[i], Notebook: r.nb, Err: err, Cached: r.event.Cached, Sources: r.sources, Kernel: r.kernel, Warnings: r.doubts, Notes: r.notes}
			r.event.Finished, r.event.Err = true, err
			tell(r.event)
			return nil // the other notebooks go on
		})
	}
	return results, group.Wait()
}

// startOrder returns the indexes of the notebooks in the order in which they start:
// their own, or, if several run at once, those with most cells first, so that none of
// these runs alone at the end.
func startOrder(ready []*notebook, jobs int) []int {
	order := make([]int, len(ready))
	for i := range order {
		order[i] = i
	}
	if jobs > 1 {
		slices.SortStableFunc(order, func(a, b int) int { return len(ready[b].todo) - len(ready[a].todo) })
	}
	return order
}

// notebook is an input that is being run.
type notebook struct {
	Input
	nb      *nbformat.Notebook
	numbers map[*nbformat.Cell]int    // from 1, as in the file
	todo    []*nbformat.Cell          // the cells to run
	code    map[*nbformat.Cell]string // what to run if it is not the source
	spec    *kernel.Spec
	specErr error
	sources []Source
	kernel  string   // its versions
	doubts  []string // faults of the cache, and cells left out
	notes   []string // why outputs are not cached
	event   Event
	tell    func(Event)
}

// prepare removes the outputs of the notebooks and adds the parameters.
func prepare(inputs []Input, params []Parameter) ([]*notebook, error) {
	ready := make([]*notebook, len(inputs))
	for i, in := range inputs {
		n := &notebook{Input: in, nb: in.Notebook.Clone(), numbers: make(map[*nbformat.Cell]int), code: make(map[*nbformat.Cell]string)}
		n.nb.Upgrade()
		delete(n.nb.Metadata, "papermill") // the times of an earlier run
		for j, c := range n.nb.Cells {
			n.numbers[c] = j + 1
			delete(c.Metadata, "execution")
			delete(c.Metadata, "papermill")
			c.Outputs, c.ExecutionCount = nil, nil
		}
		ready[i] = n
	}
	if err := injectAll(ready, params); err != nil {
		return nil, err
	}
	for _, n := range ready {
		for _, c := range n.nb.Cells {
			if c.Type == nbformat.Code && runs(c) {
				n.todo = append(n.todo, c)
			}
		}
	}
	return ready, nil
}

func runs(c *nbformat.Cell) bool {
	return !c.HasTag(tagSkip) && strings.TrimSpace(c.Source) != "" && !optionIs(c, "eval", false)
}

// mayFail reports whether the next cells run after the code of this one failed.
func mayFail(c *nbformat.Cell) bool { return c.HasTag(tagRaises) || optionIs(c, "error", true) }

var option = regexp.MustCompile(`(?m)^\s*([\w-]+):\s*(\w+)\s*$`)

// optionIs reports whether one of Quarto's options at the head of a cell has the value.
func optionIs(c *nbformat.Cell, name string, value bool) bool {
	words := []string{"false", "no"}
	if value {
		words = []string{"true", "yes"}
	}
	head, _ := c.SplitOptions()
	for _, m := range option.FindAllStringSubmatch(head, -1) {
		if m[1] == name {
			return slices.Contains(words, strings.ToLower(m[2]))
		}
	}
	return false
}

// specs looks up each kernel once for each folder.
type specs struct {
	opts    Options
	drivers kernel.Drivers
	found   map[[2]string]*kernel.Spec
}

func newSpecs(opts Options) *specs {
	return &specs{opts, drivers.All(), make(map[[2]string]*kernel.Spec)}
}

func (s *specs) find(ctx context.Context, n *notebook) (*kernel.Spec, error) {
	name := cmp.Or(s.opts.Kernel, n.nb.KernelName(), s.drivers.UsualName(n.nb.Language()))
	if name == "" {
		return nil, fmt.Errorf("%s: no kernel is named; use --kernel, or save the notebook in JupyterLab with one", n.Name)
	}
	key := [2]string{name, filepath.Clean(n.Dir)}
	if spec := s.found[key]; spec != nil {
		return spec, nil
	}
	spec, err := kernel.Find(ctx, s.drivers, name, n.Dir, s.opts.Log)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // rather than what failed because of it
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Name, err)
	}
	s.found[key] = spec
	return spec, nil
}
