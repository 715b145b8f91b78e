package main

import (
	"errors"
	"fmt"

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
files that differ, and what changed among the sources of the report. A PDF
depends on the version of the browser that printed it. If that version is not installed,
check compares the document that was printed instead of the pages of the PDF.

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
	check := compare.Check{Dir: dir, Out: console.Writer(cmd.OutOrStdout()), Options: o.writeOptions(cmd, nil), Run: func(s *report.Source) (*report.Run, error) {
		return o.execute(cmd, s, cached && env.Kept)
	}}
	var stale bool
	if len(members) == 0 {
		stale, err = check.Report(cmd.Context(), source)
	} else {
		stale, err = check.Series(cmd.Context(), members)
	}
	if err == nil && stale {
		err = exit.With(exit.Stale, fmt.Errorf("%s is stale: run the notebooks again with reportgen run", dir))
	}
	return err
}
