package execute

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// errResume reports that the cells after cached ones cannot run without them.
var errResume = errors.New("the notebook must run from its start")

// run adds the outputs to the notebook, from the cache or by running its cells.
func (n *notebook) run(ctx context.Context, plans *planner, opts Options) error {
	if n.specErr != nil {
		return n.specErr
	}
	if len(n.todo) == 0 {
		return nil
	}
	dir, err := filepath.Abs(n.Dir)
	if err != nil {
		return err
	}
	pl := plans.plan(n, dir)
	if pl.damaged != nil {
		n.doubts = append(n.doubts, fmt.Sprintf("%s: %v; its cells run again", n.Name, pl.damaged))
	}
	from := pl.hits
	if _, ok := n.spec.Driver.(kernel.Resumer); from < len(n.todo) && !ok {
		from = 0
	}
	err = n.runFrom(ctx, pl, from, dir, opts)
	if errors.Is(err, errResume) {
		err = n.runFrom(ctx, pl, 0, dir, opts)
	}
	n.sources, n.kernel = pl.sources(dir, n.spec.Project), pl.kernel
	return err
}

// runFrom takes the outputs of the first cells from the cache, and runs the others.
func (n *notebook) runFrom(ctx context.Context, pl *plan, from int, dir string, opts Options) (err error) {
	n.reset()
	for i, c := range pl.cached[:from] {
		n.todo[i].Outputs, n.todo[i].ExecutionCount = c.Outputs, c.ExecutionCount
	}
	n.describeKernel(pl.language, pl.widgets)
	n.event.Done, n.event.Cached = from, from
	if from > 0 {
		n.tell(n.event)
	}
	if from == len(n.todo) {
		return nil
	}
	var before []string
	if from > 0 {
		if before, err = n.spec.Driver.(kernel.Resumer).Resume(n.codes(n.todo[:from])); err != nil {
			return fmt.Errorf("%w: %w", errResume, err)
		}
	}
	k, err := kernel.Start(ctx, kernel.Options{
		Cells: append(before, n.codes(n.todo[from:])...), Spec: n.spec, Dir: dir, Env: opts.Env, StartTimeout: opts.StartTimeout,
		Hide: append([]string{dir + string(filepath.Separator), ""}, opts.Hide...),
	})
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	pl.kernel, pl.language = k.Info().String(), k.Info().LanguageInfo
	defer func() {
		if opts.Ending != nil {
			opts.Ending.Go(k.Close)
			return
		}
		err = errors.Join(err, k.Close())
	}()
	for _, code := range before {
		if _, err := k.Execute(ctx, code); err != nil {
			return fmt.Errorf("%w: %w", errResume, err)
		}
	}
	return n.cells(ctx, k, pl, from, dir, opts)
}

// codes is what is run for the cells.
func (n *notebook) codes(cells []*nbformat.Cell) []string {
	codes := make([]string, len(cells))
	for i, c := range cells {
		codes[i] = n.codeOf(c)
	}
	return codes
}

// reset removes all outputs.
func (n *notebook) reset() {
	for _, c := range n.todo {
		c.Outputs, c.ExecutionCount = nil, nil
	}
	n.event.Done, n.event.Cached = 0, 0
}

// cells runs the cells from an index on and caches their outputs.
func (n *notebook) cells(ctx context.Context, k *kernel.Kernel, pl *plan, from int, dir string, opts Options) error {
	results := make(map[*nbformat.Cell]*kernel.Result)
	var errs []error
	good := from // number of cells that may be cached
	for i, c := range n.todo[from:] {
		r, err := n.cell(ctx, k, c, opts.CellTimeout)
		results[c] = r
		if from > 0 && n.dependsOnStart(r, err) {
			return errResume
		}
		pl.note(from+i, dir, k)
		var inCode *kernel.CellError
		if errors.As(err, &inCode) && quits(inCode) {
			r.Outputs = slices.DeleteFunc(r.Outputs, func(o *nbformat.Output) bool { return o.Type == nbformat.Error })
			n.doubts = append(n.doubts, fmt.Sprintf("%s: cell %d ends the notebook (SystemExit): %d of the %d cells did not run", n.Name, n.numbers[c], len(n.todo)-from-i-1, len(n.todo)))
			break
		}
		if err != nil {
			errs = append(errs, err)
			if !opts.AllowErrors || !errors.As(err, &inCode) {
				break
			}
		}
		if len(errs) == 0 {
			good++
		}
		n.event.Done++
		n.tell(n.event)
	}
	// At the end, because a later cell may have updated an earlier one's display.
	updated := make(map[*nbformat.Cell]bool)
	for c, r := range results {
		c.Outputs, c.ExecutionCount = append(r.Outputs, c.Outputs...), r.ExecutionCount
		updated[c] = r.Updated
	}
	pl.widgets = k.Widgets()
	n.describeKernel(pl.language, pl.widgets)
	if err := pl.keep(opts.Cache, n, dir, good, updated); err != nil && opts.Cache != nil {
		n.doubts = append(n.doubts, fmt.Sprintf("%s: outputs are not cached: %v", n.Name, err))
	}
	return errors.Join(errs...)
}

// quits reports whether a cell ended the notebook on purpose, with status 0. papermill does not count it as a failure either.
func quits(e *kernel.CellError) bool {
	return e.Name == "SystemExit" && (e.Value == "" || e.Value == "0" || e.Value == e.Name)
}

// describeKernel writes the language of the kernel and the state of its widgets into
// the metadata of the notebook, as nbclient does.
func (n *notebook) describeKernel(language, widgets map[string]any) {
	delete(n.nb.Metadata, "widgets")
	for key, value := range map[string]map[string]any{"language_info": language, "widgets": widgets} {
		if value == nil {
			continue
		}
		if n.nb.Metadata == nil {
			n.nb.Metadata = make(map[string]any)
		}
		n.nb.Metadata[key] = value
	}
}

// dependsOnStart reports whether the outputs of a cell may show that the cells before
// it did not run: if its code failed, or its driver finds so.
func (n *notebook) dependsOnStart(r *kernel.Result, err error) bool {
	var failed *kernel.CellError
	if errors.As(err, &failed) {
		return true
	}
	for _, o := range r.Outputs {
		if o.Type == nbformat.Error || n.spec.Driver.(kernel.Resumer).ShowsStart(o.Text) {
			return true
		}
	}
	return false
}

// cell runs one cell. A failure that is not among the kernel's outputs is added to
// them, so that a partial report shows it.
func (n *notebook) cell(ctx context.Context, k *kernel.Kernel, c *nbformat.Cell, timeout time.Duration) (*kernel.Result, error) {
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, &TimeoutError{What: "the cell", Limit: timeout})
		defer cancel()
	}
	r, err := k.Execute(ctx, n.codeOf(c))
	if err == nil {
		return r, nil
	}
	var failed *kernel.CellError
	inCode := errors.As(err, &failed)
	if inCode && mayFail(c) {
		return r, nil
	}
	if !inCode {
		c.Outputs = []*nbformat.Output{errorOutput(err)}
	}
	return r, newError(n, c, r, err)
}
