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

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// The tags that this package obeys.
const (
	tagParameters = "parameters"
	tagInjected   = "injected-parameters"
	tagSkip       = "skip-execution"
	tagRaises     = "raises-exception"
)

// Input is a notebook to run.
type Input struct {
	Name     string // as errors and progress say it
	Dir      string // the folder that its kernel runs in and is looked for from
	Notebook *nbformat.Notebook
}

// Options say how to run notebooks. The zero value runs each with the kernel it
// names, as long as it takes.
type Options struct {
	Kernel       string        // instead of the kernels that the notebooks name
	Parameters   []Parameter   // see [Parameter]
	CellTimeout  time.Duration // for one cell; 0: none
	Timeout      time.Duration // for all notebooks; 0: none
	StartTimeout time.Duration // for a kernel to start; 0: a minute
	Jobs         int           // notebooks at once; 0: as many as there are cores
	Env          []string      // added to the kernels' environment, as KEY=value
	Hide         []string      // pairs to replace in outputs, see [kernel.Options]
	Cache        *Cache        // of outputs of earlier runs; nil: every cell runs
	AllowErrors  bool          // run the cells after one whose code failed
	Log          io.Writer     // told when a kernel is built first; nil: nobody
	Progress     func(Event)   // told what happens, one call at a time; nil: nobody
	// Ending is a group in which kernels are shut down after their last cell, while
	// the caller goes on; its Wait says that they are gone, and what a kernel left
	// behind. Files that a cell did not close may be whole only then. Where it is
	// nil, Run waits for them.
	Ending *errgroup.Group
}

// Result is one notebook after its run.
type Result struct {
	Input
	Notebook *nbformat.Notebook // with outputs, as far as it came
	Err      error              // an [*Error] where a cell is at fault; several are joined
	Cached   int                // cells whose outputs the cache had, from the first
	Sources  []Source           // what the cells depend on, as far as they ran
	Kernel   string             // the versions of the kernel and its language, see [kernel.Info]; empty where no cell ran
	Warnings []string           // why outputs are not kept for the next run
}

// Event is one step of a run.
type Event struct {
	Notebook int // index of the input
	Name     string
	Done     int   // cells that ran or whose outputs the cache had
	Cached   int   // the latter
	Cells    int   // cells to run
	Finished bool  // the notebook is at its end, or at that of its run
	Err      error // of a finished notebook
}

// Run runs the notebooks and gives a result for each, in their order. Its own
// error says that nothing was run: a parameter that no notebook declares is a
// [*UnknownParameterError], one of the wrong type a [*ParameterValueError].
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
	// Kernels are looked up one by one: the first may have to be built.
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
		tell(r.event) // so that the whole length is known from the start
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
			results[i] = Result{Input: inputs[i], Notebook: r.nb, Err: err, Cached: r.event.Cached, Sources: r.sources, Kernel: r.kernel, Warnings: r.doubts}
			r.event.Finished, r.event.Err = true, err
			tell(r.event)
			return nil // one that fails does not stop the others
		})
	}
	return results, group.Wait()
}

// startOrder gives the indexes of the notebooks in the order in which they start:
// their own, or, where several run at once, those with most cells first, so that
// none of these is left to run alone at the end.
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

// notebook is an input on its way through a kernel.
type notebook struct {
	Input
	nb      *nbformat.Notebook
	numbers map[*nbformat.Cell]int    // from 1, as in the file
	todo    []*nbformat.Cell          // the cells to run
	code    map[*nbformat.Cell]string // what to run, where it is not the source
	spec    *kernel.Spec
	specErr error
	sources []Source
	kernel  string   // its versions
	doubts  []string // why outputs are not kept
	event   Event
	tell    func(Event)
}

// prepare makes the notebooks ready to run: no outputs, parameters in place.
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

var evalFalse = regexp.MustCompile(`^\s*(?://|#)\|\s*eval:\s*(?i:false|no)\s*$`)

func runs(c *nbformat.Cell) bool {
	if c.HasTag(tagSkip) || strings.TrimSpace(c.Source) == "" {
		return false
	}
	for line := range strings.Lines(c.Source) {
		if text := strings.TrimSpace(line); !strings.HasPrefix(text, "//|") && !strings.HasPrefix(text, "#|") {
			break
		}
		if evalFalse.MatchString(line) {
			return false
		}
	}
	return true
}

// specs looks up each kernel once for each folder.
type specs struct {
	opts  Options
	found map[[2]string]*kernel.Spec
}

func newSpecs(opts Options) *specs { return &specs{opts, make(map[[2]string]*kernel.Spec)} }

// usualKernel is the kernel of a notebook that names none. Where it does not tell
// its language either, that is Python, as Jupyter's own clients have it.
func usualKernel(language string) string {
	switch language {
	case "", "python", "ipython":
		return "python3"
	case "go":
		return "gonb"
	}
	return ""
}

func (s *specs) find(ctx context.Context, n *notebook) (*kernel.Spec, error) {
	name := cmp.Or(s.opts.Kernel, n.nb.KernelName(), usualKernel(n.nb.Language()))
	if name == "" {
		return nil, fmt.Errorf("%s: the notebook names no kernel: name one with --kernel, or save it in JupyterLab with one", n.Name)
	}
	key := [2]string{name, filepath.Clean(n.Dir)}
	if spec := s.found[key]; spec != nil {
		return spec, nil
	}
	spec, err := kernel.Find(ctx, name, n.Dir, s.opts.Log)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // what ended the search, and not what failed because of it
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Name, err)
	}
	s.found[key] = spec
	return spec, nil
}
