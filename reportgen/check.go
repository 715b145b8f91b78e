package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/compare"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newCheckCommand returns the command that compares a report with what its notebooks produce.
func newCheckCommand() *cobra.Command {
	var flags runFlags
	var cached bool
	c := &cobra.Command{
		Use:   "check FOLDER [NOTEBOOK|FOLDER]...",
		Short: "Check whether a report is up to date",
		Long: `Check runs the notebooks like reportgen run, but without the cache, and compares the
result with the report in FOLDER, which it does not change. Use the parameters and
notebooks that the report was made with.

If the report is stale, check lists the texts, tables and figures that differ, the
files that differ, and what changed among the sources of the report. The bytes of a PDF
depend on the browser that printed it. If that browser is not found, check compares the
printed document instead of the pages.

The exit status is 0 if the report is up to date, 3 if it is stale, and 1 if a cell
fails.`,
		Example:           "  reportgen check report\n  reportgen check -p test=tuesday.parquet report notebooks",
		Args:              usage.AtLeastOne("FOLDER"),
		ValidArgsFunction: completeReport,
		RunE: func(cmd *cobra.Command, args []string) error {
			return flags.check(cmd, args[0], args[1:], cached)
		},
	}
	c.Flags().BoolVar(&cached, "cache", false, "use cached outputs of earlier runs")
	flags.add(c.Flags())
	completeRunFlags(c)
	return c
}

// check compares the report or series in dir with what the notebooks produce.
func (o *runFlags) check(cmd *cobra.Command, dir string, args []string, cached bool) (err error) {
	if _, err := compare.Formats(dir); err != nil {
		return err
	}
	source, members, err := o.source(cmd, args)
	if err != nil {
		return err
	}
	env, err := report.NewEnvironment(warn(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, env.Close()) }()
	var stale bool
	if len(members) == 0 {
		stale, err = o.checkReport(cmd, dir, source, cached && env.Kept)
	} else {
		stale, err = o.checkSeries(cmd, dir, members, cached && env.Kept)
	}
	if err == nil && stale {
		err = exit.With(exit.Stale, fmt.Errorf("%s is stale: run the notebooks again with reportgen run", dir))
	}
	return err
}

// checkSeries compares each report of a series and reports whether any is stale, missing or no longer made.
func (o *runFlags) checkSeries(cmd *cobra.Command, dir string, members []report.Member, cached bool) (bool, error) {
	out := console.Writer(cmd.OutOrStdout())
	gone, err := report.ReadSeries(dir)
	if err != nil {
		return false, err
	}
	if gone == nil {
		return false, fmt.Errorf("%s: not a series of reports (it has no %s), which %s asks for; make it with reportgen run -o %s",
			dir, report.SeriesName, report.ConfigName, dir)
	}
	stale := false
	for _, m := range members {
		at := slices.Index(gone, m.Name)
		if at < 0 {
			fmt.Fprintf(out, "%s is missing\n", filepath.Join(dir, m.Name))
			stale = true
			continue
		}
		gone = slices.Delete(gone, at, at+1)
		one, err := o.checkReport(cmd, filepath.Join(dir, m.Name), m.Source, cached)
		if err != nil {
			return false, fmt.Errorf("%s: %w", m.Name, err)
		}
		stale = stale || one
	}
	for _, name := range gone {
		fmt.Fprintf(out, "%s is no longer made\n", filepath.Join(dir, name))
		stale = true
	}
	return stale, nil
}

// checkReport compares one report and reports whether it is stale.
func (o *runFlags) checkReport(cmd *cobra.Command, dir string, source *report.Source, cached bool) (stale bool, err error) {
	formats, err := compare.Formats(dir)
	if err != nil {
		return false, err
	}
	if formats, err = compare.Printable(formats); err != nil {
		return false, err
	}
	if _, err := report.ReadDocument(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	r, err := o.execute(cmd, source, cached)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, r.Wait()) }()
	ctx := cmd.Context()
	if ctx.Err() != nil {
		return false, fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return compare.Fresh(ctx, console.Writer(cmd.OutOrStdout()), dir, r, o.writeOptions(cmd, formats))
}
