package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

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

// check compares the report in dir with what the notebooks produce.
func (o *runFlags) check(cmd *cobra.Command, dir string, args []string, cached bool) (err error) {
	formats, err := compare.Formats(dir)
	if err != nil {
		return err
	}
	if formats, err = compare.Printable(formats); err != nil {
		return err
	}
	if _, err := report.ReadDocument(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	env, err := report.NewEnvironment(warn(cmd))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, env.Close()) }()
	r, err := o.execute(cmd, args, cached && env.Kept)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Wait()) }()
	ctx := cmd.Context()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	stale, err := compare.Fresh(ctx, console.Writer(cmd.OutOrStdout()), dir, r, o.writeOptions(cmd, formats))
	if err != nil {
		return err
	}
	if stale {
		return exit.With(exit.Stale, fmt.Errorf("%s is stale: run the notebooks again with reportgen run", dir))
	}
	return nil
}
