// Package report runs notebooks and writes their report into a folder.
//
//	source, err := report.FindSource([]string{"notebooks"})
//	folder, err := report.NewFolder("report")
//	run, err := report.Execute(ctx, source, report.Options{})
//	document, err := run.Write(ctx, folder, report.WriteOptions{Formats: report.DefaultFormats()})
//	err = run.Wait()
//
// A [Source] is a list of notebooks and the report.yaml beside them. [Execute] runs the notebooks and returns a [Run],
// which [Run.Write] writes in the wanted formats. The folder is replaced as a whole or not at all.
//
// A report's folder holds, depending on the formats, index.html, report.md with figures/, report.pdf, site/ and
// notebooks/; and always:
//
//   - document.json, the document that the other files were written from (see package document);
//   - sources.json, a hash of everything that the report was made from (see collectSources);
//   - .reportgen, which marks the folder as one that may be replaced.
//
// No file depends on the clock, on the machine, or on a path.
package report

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"time"

	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

// Dossier is a report about a single entity in the folder of another report.
type Dossier struct {
	Entity string // as the other report names it
	Folder string // in that of the other report, with slashes
}

// Options control how notebooks are run. The zero value runs them with their defaults.
type Options struct {
	// Execute is passed on to [execute.Run], except for its parameters, hidden paths, environment, cache and group of
	// ending kernels, which Execute sets itself.
	Execute execute.Options
	// Cached uses the outputs of earlier runs in [CellCache], and adds to them.
	Cached bool
	// Parameters are name=value pairs, whose values are YAML. They override those of ParameterFiles, which are YAML files
	// and override report.yaml. RawParameters override all others; their values are strings.
	Parameters, ParameterFiles, RawParameters []string
	// Check looks at the notebooks and their parameters before a kernel starts. It may be nil.
	Check func(context.Context, []execute.Input, []execute.Parameter) error
	// Warn reports faults of the cell cache. It may be nil.
	Warn func(message string)
	// Note reports cells that are not cached, and why. It may be nil.
	Note func(message string)
}

// Run is a finished run of notebooks, successful or not.
type Run struct {
	Results []execute.Result

	source     *Source
	parameters []execute.Parameter
	kernels    *errgroup.Group // that are shutting down
	timeout    time.Duration   // of the run; 0: none
	deadline   time.Time       // by which it is to end; zero: none
}

// Execute runs the notebooks. A failing cell is not an error here: see [Run.Err].
func Execute(ctx context.Context, source *Source, o Options) (*Run, error) {
	params, err := source.parameters(o)
	if err != nil {
		return nil, err
	}
	inputs, err := source.read()
	if err != nil {
		return nil, err
	}
	if o.Check != nil {
		if err := o.Check(ctx, inputs, params); err != nil {
			return nil, err
		}
	}
	if _, err := source.documentOptions(); err != nil {
		return nil, err
	}
	run := &Run{source: source, parameters: params, kernels: new(errgroup.Group)}
	options := o.Execute
	options.Parameters, options.Hide, options.Ending = params, hiddenPaths(params), run.kernels
	if options.Env, err = kernelEnv(); err != nil {
		return nil, err
	}
	given, err := inputsEnv(params)
	if err != nil {
		return nil, err
	}
	options.Env = append(options.Env, given...)
	if o.Cached {
		if options.Cache, err = CellCache(); err != nil {
			return nil, err
		}
	}
	if run.timeout = options.Timeout; run.timeout > 0 {
		run.deadline = time.Now().Add(run.timeout)
	}
	kernel.Sweep()
	run.Results, err = execute.Run(ctx, inputs, options)
	for _, r := range run.Results {
		for _, w := range r.Warnings {
			if o.Warn != nil {
				o.Warn(w)
			}
		}
		for _, note := range r.Notes {
			if o.Note != nil {
				o.Note(note)
			}
		}
	}
	return run, err
}

// Finish writes the report and calls wrote with the names of what a reader opens in
// the folder. After an interrupt, it writes what there is, but no PDF: printing takes
// seconds, and the user is waiting.
func (r *Run) Finish(ctx context.Context, folder *Folder, o WriteOptions, wrote func(name string)) error {
	interrupt := context.Cause(ctx)
	if interrupt != nil {
		ctx = context.WithoutCancel(ctx)
		o.Formats = slices.DeleteFunc(slices.Clone(o.Formats), func(format string) bool { return format == "pdf" })
	}
	d, err := r.Write(ctx, folder, o)
	if d != nil {
		for _, name := range folder.Contents() {
			wrote(name)
		}
	}
	if interrupt != nil {
		return fmt.Errorf("interrupted: %w", errors.Join(interrupt, err))
	}
	return WithStatus(err)
}

// Wait waits until the kernels have ended and returns what went wrong at their end.
func (r *Run) Wait() error { return r.kernels.Wait() }

// joinErrors joins the errors of the notebooks.
func (r *Run) joinErrors() error {
	var errs []error
	for _, result := range r.Results {
		errs = append(errs, result.Err)
	}
	return errors.Join(errs...)
}

// ranCell reports whether any cell ran, so that there is something to report.
func (r *Run) ranCell() bool {
	for _, result := range r.Results {
		if _, failed := errors.AsType[*execute.Error](result.Err); failed || result.Err == nil {
			return true
		}
	}
	return false
}

// files is a notebook's folder after the kernels have ended: a file that a cell left open is complete only then.
func (r *Run) files(folder fs.FS) fs.FS { return endedFS{folder, r.kernels} }

type endedFS struct {
	fs.FS
	kernels *errgroup.Group
}

func (f endedFS) Open(name string) (fs.File, error) {
	_ = f.kernels.Wait() // the caller of Run.Wait gets the error
	return f.FS.Open(name)
}
