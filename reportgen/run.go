package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/investigate"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// runFlags are the flags of the commands that run notebooks.
type runFlags struct {
	params                            []string
	paramFiles                        []string
	rawParams                         []string
	jobs                              int
	timeout, runTimeout, startTimeout time.Duration
	kernel                            string
	allowErrors, trust, strict        bool
	out                               string
	formats                           []string
	noCache, withDossiers             bool
	written                           []report.Dossier // reports about single entities, for which the report has links

	lang   string
	verify func(context.Context, []execute.Input, []execute.Parameter) error // of inputs; nil: days.CheckInputs
}

// newRunCommand returns the command that makes a report of notebooks.
func newRunCommand() *cobra.Command {
	var flags runFlags
	c := &cobra.Command{
		Use:   "run [NOTEBOOK|FOLDER]...",
		Short: "Run notebooks and write their report",
		Long: `Run executes notebooks on Jupyter kernels and writes a report:

  index.html   the report in one file
  report.md    the report for GitHub, with its pictures in figures/
  notebooks/   the executed notebooks
  report.pdf   the report as a PDF (with --to pdf; needs Typst, Chromium or Chrome)
  report.typ   the Typst source, with its pictures in figures/ (with --to typst)
  summary.eml  the title page and the summary as a message (with --to email)
  site/        a page for each section (with --to site)
  files/       the files of the project that the notebooks link to

Without arguments, run executes the notebooks that report.yaml lists, or all notebooks
in the folder notebooks. A report.yaml in the current folder or beside the notebooks
sets the title, subtitle, authors, date, abstract, list of notebooks, and parameters.
A matrix in it makes a series: a report for each combination of values, and an index.

The report folder is replaced as a whole. If a cell fails or times out, the report
holds all results so far and marks the failed cell. The exit status is then 1, or 4 if
the kernel died or did not start. Ctrl-C is treated like a failing cell, but writes no
PDF and exits with 130; a second Ctrl-C exits immediately. If no cell ran, the previous
report is kept.

A cell runs again if its code, a cell before it, a parameter or something that it read
has changed. On IPython and GoNB, run observes which files, folders, links and
environment variables a cell reads, and which modules outside the installed packages it
imports. A cell runs each time if it, or a module of the project that it imports, uses
the network, starts a child process, reads the clock or asks for the state of the
machine, or if it imports a compiled package that may open files by itself, such as
duckdb. A cell that draws random numbers without a seed is cached all the same. Run does
not observe

  the clock inside installed packages
  other programs that run at the same time

If cells depend on these, use --no-cache, or declare in the metadata of the cell or
notebook what they read: {"reportgen": {"inputs": ["days/*.csv"]}}. With "cache": false, a
cell always runs.`,
		Example:           "  reportgen run\n  reportgen run -o out -p baseline=monday.parquet -p test=tuesday.parquet notebooks",
		ValidArgsFunction: completeNotebooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := flags.write(cmd, func() (*report.Source, []report.Member, error) { return flags.source(cmd, args) })
			if err != nil {
				return err
			}
			return flags.dossiers(cmd)
		},
	}
	flags.addOutput(c, "report")
	c.Flags().BoolVar(&flags.withDossiers, "dossiers", false, "also write a report about each device with an alert, as investigate does, to FOLDER/dossiers")
	return c
}

// addOutput adds the flags to a command that writes a report, and those of running it.
func (o *runFlags) addOutput(c *cobra.Command, folder string) {
	c.Flags().StringVarP(&o.out, "output", "o", folder, "`FOLDER` folder of the report")
	c.Flags().StringSliceVar(&o.formats, "to", report.DefaultFormats(), "`FORMATS` files to write: "+strings.Join(report.FormatNames(), ", "))
	c.Flags().BoolVar(&o.noCache, "no-cache", false, "run all cells, even if nothing that they depend on has changed")
	o.add(c.Flags())
	completeRunFlags(c)
}

// add adds the flags to a command.
func (o *runFlags) add(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.params, "parameter", "p", nil, "`NAME=VALUE` parameter of the notebooks, with a YAML value (repeatable)")
	f.StringArrayVarP(&o.paramFiles, "parameters-file", "f", nil, "`FILE` YAML file of parameters (repeatable)")
	f.StringArrayVarP(&o.rawParams, "parameter-raw", "r", nil, "`NAME=VALUE` parameter whose value is a string (repeatable)")
	f.StringVarP(&o.lang, "lang", "l", "", "`LANGUAGE` language of the report, such as pt (default: that of report.yaml); a file pt.yaml beside report.yaml translates the notebooks")
	f.IntVar(&o.jobs, "jobs", 0, "`NUMBER` notebooks to run at once (default: one for each core)")
	f.Var(usage.NewDuration(&o.timeout, 10*time.Minute), "timeout", "`DURATION` per-cell timeout (0 = none)")
	f.Var(usage.NewDuration(&o.runTimeout, 0), "run-timeout", "`DURATION` timeout of the whole run (0 = none)")
	f.Var(usage.NewDuration(&o.startTimeout, time.Minute), "start-timeout", "`DURATION` timeout of a kernel's start")
	f.StringVar(&o.kernel, "kernel", "", "`NAME` kernel to use instead of the notebooks' own")
	f.BoolVar(&o.allowErrors, "allow-errors", false, "continue with the next cell if a cell fails")
	f.BoolVar(&o.strict, "strict", false, "treat warnings about the notebooks as errors: missing alt text, dead links, unknown options, …")
	f.BoolVar(&o.trust, "trust", false, "keep scripts in HTML outputs that this run did not make")
}

// write runs the notebooks that find returns and writes their report.
func (o *runFlags) write(cmd *cobra.Command, find func() (*report.Source, []report.Member, error)) (err error) {
	if err := report.CheckFormats(o.formats); err != nil {
		return fmt.Errorf("--to %w", err)
	}
	folder, err := report.NewFolder(o.out)
	if err != nil {
		return fmt.Errorf("-o %w", err)
	}
	env, err := report.NewEnvironment(warn(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, env.Close()) }()
	source, members, err := find()
	if err != nil {
		return err
	}
	cached := !o.noCache && env.Kept
	if len(members) > 0 {
		return o.runSeries(cmd, members, folder, o.formats, cached)
	}
	if o.withDossiers { // before cells run: its inputs may be bad
		options, err := o.options(cmd, cached)
		if err != nil {
			return err
		}
		if o.written, err = investigate.Dossiers(cmd.Context(), options); err != nil {
			return fmt.Errorf("--dossiers: %w", err)
		}
	}
	r, err := o.execute(cmd, source, cached)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Wait()) }()
	return r.Finish(cmd.Context(), folder, o.writeOptions(cmd, o.formats), func(name string) {
		fmt.Fprintln(cmd.OutOrStdout(), console.Escape(filepath.Join(o.out, name)))
	})
}

func (o *runFlags) writeOptions(cmd *cobra.Command, formats []string) report.WriteOptions {
	return report.WriteOptions{Formats: formats, Trust: o.trust, Strict: o.strict, Version: version(), Warn: warn(cmd), Note: note(cmd), Dossiers: o.written}
}

// runSeries runs the notebooks for each member of a series and writes their reports.
func (o *runFlags) runSeries(cmd *cobra.Command, members []report.Member, folder *report.Folder, formats []string, cached bool) error {
	run := func(m report.Member) (*report.Run, error) {
		consoleOf(cmd).Infof("report %s", m.Name)
		return o.execute(cmd, m.Source, cached)
	}
	err := report.WriteSeries(cmd.Context(), folder, members, o.writeOptions(cmd, formats), run)
	for _, name := range folder.Contents() {
		fmt.Fprintln(cmd.OutOrStdout(), console.Escape(filepath.Join(folder.Path(), name)))
	}
	return report.WithStatus(err)
}

// source finds the notebooks and, if report.yaml has a matrix, the members of the series.
func (o *runFlags) source(cmd *cobra.Command, args []string) (*report.Source, []report.Member, error) {
	options, err := o.options(cmd, false)
	if err != nil {
		return nil, nil, err
	}
	source, err := report.FindSource(args)
	if err != nil {
		return nil, nil, err
	}
	if err := o.setLanguage(cmd, source); err != nil {
		return nil, nil, err
	}
	members, err := source.Series(options)
	return source, members, err
}

// setLanguage makes the report in the language of --lang.
func (o *runFlags) setLanguage(cmd *cobra.Command, source *report.Source) error {
	text, err := source.SetLanguage(o.lang)
	if err != nil {
		return fmt.Errorf("--lang %w", err)
	}
	if text != "" {
		note(cmd)(text)
	}
	return nil
}

// execute runs the notebooks and shows the progress.
func (o *runFlags) execute(cmd *cobra.Command, source *report.Source, cached bool) (*report.Run, error) {
	options, err := o.options(cmd, cached)
	if err != nil {
		return nil, err
	}
	progress := consoleOf(cmd).NewRun()
	defer progress.Close()
	options.Execute.Progress = func(e execute.Event) { progress.Step(console.Step(e)) }
	return report.Execute(cmd.Context(), source, options)
}

// options are the flags as package report takes them.
func (o *runFlags) options(cmd *cobra.Command, cached bool) (report.Options, error) {
	if o.jobs < 0 {
		return report.Options{}, fmt.Errorf("--jobs %d: must not be negative", o.jobs)
	}
	if o.verify == nil {
		o.verify = days.CheckInputs
	}
	return report.Options{
		Parameters: o.params, ParameterFiles: o.paramFiles, RawParameters: o.rawParams,
		Check:  o.verify,
		Cached: cached,
		Warn:   warn(cmd),
		Note:   note(cmd),
		Execute: execute.Options{
			Kernel: o.kernel, CellTimeout: o.timeout, Timeout: o.runTimeout, StartTimeout: o.startTimeout, Jobs: o.jobs,
			AllowErrors: o.allowErrors, Log: consoleOf(cmd).Output(),
		},
	}, nil
}

func note(cmd *cobra.Command) func(string) {
	return func(message string) { consoleOf(cmd).Infof("%s", message) }
}

func warn(cmd *cobra.Command) func(string) {
	return func(message string) { consoleOf(cmd).Warnf("%s", message) }
}
