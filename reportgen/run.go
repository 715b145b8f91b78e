package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// runOptions are the flags of reportgen run.
type runOptions struct {
	out        string
	to         []string
	params     []string
	jobs       int
	timeout    time.Duration
	runTimeout time.Duration
	startTime  time.Duration
	kernel     string
	noCache    bool
	progress   func(execute.Event)            // told as well; nil: nobody
	built      func(*document.Document) error // told of the document before it is written; nil: nobody
	allow      bool
	trust      bool
}

// formats are what is written where --to names nothing else.
var formats = []string{"html", "md", "ipynb"}

// newRunCommand is reportgen run: notebooks to a report.
func newRunCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run [NOTEBOOK|FOLDER]...",
		Short: "Run notebooks and write their report",
		Long: `Run executes notebooks on real Jupyter kernels and writes one report of them:
index.html (one file, opened by path), report.md with figures/, and the executed
notebooks in notebooks/. With --to it also prints report.pdf (with Chromium or
Chrome) and writes site/, a page for each section.

Without an argument it runs what report.yaml in this folder or in notebooks/ lists,
or every notebook in notebooks/. A report.yaml beside the notebooks gives title,
subtitle, authors, date, abstract, the list of notebooks and parameters.

The folder of the report is replaced as a whole. Where a cell fails or time runs
out, the report holds what there is, the failed cell marked, and the exit status is
1; it is 4 where the kernel died or did not start. A run that is interrupted (Ctrl-C)
writes what there is in the same way, without the PDF, and ends with 130; a second
Ctrl-C ends it at once. A report that is there stays as it is where no cell came to
run.`,
		Example:           "  reportgen run\n  reportgen run -o out -p baseline=monday.parquet -p test=tuesday.parquet notebooks",
		ValidArgsFunction: completeNotebooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.out, "output", "o", "report", "write the report to this `folder`")
	f.StringSliceVar(&o.to, "to", formats, "what to write: "+strings.Join(knownFormats, ", "))
	o.addRunFlags(f)
	f.BoolVar(&o.noCache, "no-cache", false, "run every cell, also those that did not change")
	completeRunFlags(c)
	return c
}

// addRunFlags adds the flags that say how notebooks are run.
func (o *runOptions) addRunFlags(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.params, "parameter", "p", nil, "set a parameter of the notebooks, as `name=value`")
	f.IntVar(&o.jobs, "jobs", 0, "notebooks to run at once (default: one for each core)")
	f.DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long one cell may take; 0: as long as it wants")
	f.DurationVar(&o.runTimeout, "run-timeout", 0, "how long the whole run may take; 0: as long as it wants")
	f.DurationVar(&o.startTime, "start-timeout", time.Minute, "how long a kernel may take to start")
	f.StringVar(&o.kernel, "kernel", "", "run with the kernel of this `name` and not the one that a notebook names")
	f.BoolVar(&o.allow, "allow-errors", false, "run the cells after one that failed too")
	f.BoolVar(&o.trust, "trust", false, "print HTML that cells did not give in this run as it is, scripts included")
}

func (o runOptions) run(ctx context.Context, stdout, stderr io.Writer, args []string) (err error) {
	if err := o.checkFormats(); err != nil {
		return err
	}
	if err := o.valid(); err != nil {
		return err
	}
	folder, err := newFolder(o.out)
	if err != nil {
		return err
	}
	e, err := o.execute(ctx, stderr, args)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.kernels.Wait()) }()
	if ctx.Err() == nil {
		return o.report(ctx, stdout, stderr, folder, e)
	}
	// A browser takes its time to print, and who interrupts is waiting.
	o.to = slices.DeleteFunc(slices.Clone(o.to), func(format string) bool { return format == "pdf" })
	if err := o.report(context.WithoutCancel(ctx), stdout, stderr, folder, e); err != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	return fmt.Errorf("interrupted: %w", context.Cause(ctx))
}

func (o runOptions) valid() error {
	if o.jobs < 0 || o.timeout < 0 || o.runTimeout < 0 || o.startTime < 0 {
		return errors.New("--jobs, --timeout, --run-timeout and --start-timeout take no negative value")
	}
	return nil
}

// report writes what the run gave, also where some of it failed.
func (o runOptions) report(ctx context.Context, stdout, stderr io.Writer, folder *folder, e *executed) error {
	var errs []error
	ran := false
	for _, r := range e.results {
		errs = append(errs, r.Err)
		var cell *execute.Error
		ran = ran || r.Err == nil || errors.As(r.Err, &cell)
	}
	if err := errors.Join(errs...); !ran {
		return &statusError{statusOf(err), err} // there is nothing to report
	}
	err := folder.replace(func(dir string) error {
		problems, err := o.write(ctx, dir, stderr, e)
		errs = append(errs, problems)
		return err
	})
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, name := range folder.made() {
		fmt.Fprintln(stdout, filepath.Join(o.out, name))
	}
	if err := errors.Join(errs...); err != nil {
		return &statusError{statusOf(err), err}
	}
	return nil
}

// write writes the report's files into dir. Faults of the notebooks' contents are
// problems: the report is written all the same, with them marked.
func (o runOptions) write(ctx context.Context, dir string, stderr io.Writer, e *executed) (problems, err error) {
	if err := writeManifest(dir, e); err != nil {
		return nil, err
	}
	if slices.Contains(o.to, "ipynb") {
		if err := writeNotebooks(filepath.Join(dir, "notebooks"), e.results); err != nil {
			return nil, err
		}
	}
	if !o.documented() && o.built == nil {
		return nil, nil
	}
	options, err := e.source.renderOptions()
	if err != nil {
		return nil, err
	}
	options.Trust = o.trust
	for _, p := range e.params {
		options.Provenance = append(options.Provenance, document.Field{Name: p.Name, Value: fmt.Sprint(shown(p))})
	}
	var inputs []render.Input
	for _, r := range e.results {
		root, err := os.OpenRoot(r.Dir) // images come from the notebook's folder only
		if err != nil {
			return nil, err
		}
		defer root.Close() //nolint:gocritic // images are read until the report is rendered
		inputs = append(inputs, render.Input{Name: r.Name, Notebook: r.Notebook, Files: e.files(root.FS()), Executed: r.Err == nil})
	}
	document, warnings, problems := render.Build(inputs, options)
	for _, w := range warnings {
		fmt.Fprintln(stderr, "warning:", w)
	}
	if document == nil {
		return nil, problems
	}
	if o.built != nil {
		if err := o.built(document); err != nil {
			return nil, err
		}
	}
	unprinted, err := o.writeDocument(ctx, dir, e.source, document)
	return errors.Join(problems, unprinted), err
}

func writeNotebooks(dir string, results []execute.Result) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	for _, r := range results {
		err := writeFile(filepath.Join(dir, r.Name), func(w io.Writer) error { return nbformat.Write(w, r.Notebook) })
		if err != nil {
			return err
		}
	}
	return nil
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// statusOf is the exit status of what went wrong in a run: of several, the one
// that most needs to be known.
func statusOf(err error) int {
	var died *kernel.DiedError
	var cell *execute.Error
	var late *execute.TimeoutError
	var problem *render.Problem
	var unprinted *unprintedError
	switch {
	case errors.As(err, &died), errors.Is(err, kernel.ErrNoAnswer):
		return exitKernelDied
	case errors.As(err, &cell), errors.As(err, &late), errors.As(err, &problem), errors.As(err, &unprinted):
		return exitFailed
	}
	return exitBadInput
}
