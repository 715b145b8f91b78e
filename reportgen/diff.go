package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/reportgen/internal/compare"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newDiffCommand returns the command that compares two reports, or the findings of two
// days.
func newDiffCommand() *cobra.Command {
	format := findings.FormatText
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Compare two reports, or the findings of two days",
		Long: `Diff compares two files of findings, which reportgen detect --format json prints, or the
folders of two reports. The file "-" is standard input.

Findings are the same if they have the same rule and entity. They are new, gone, ongoing,
louder or quieter: a higher or lower severity, or a score that differs by at least 0.1. A
finding is unseen, not gone, if the records of --coverage say that its rule did not run.
Findings of severity info do not count.

For reports, diff lists the texts, tables and figures that differ, and the parameters,
notebooks and inputs behind them.

The exit status is 0 if nothing changed, and 3 otherwise.`,
		Example: `  reportgen detect --days days --test latest --coverage --format json >today.jsonl
  reportgen diff yesterday.jsonl today.jsonl
  reportgen diff report-monday report-tuesday`,
		Args: usage.Arguments("BEFORE", "AFTER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			different, err := diff(cmd, args[0], args[1], format)
			if err == nil && different {
				err = exit.With(exit.Stale, fmt.Errorf("%s and %s differ", args[0], args[1]))
			}
			return err
		},
	}
	usage.Choice(c, &format, "format", "`FORMAT` output format of findings", findings.ChangeFormats()...)
	return c
}

// diff writes what differs and returns whether anything does.
func diff(cmd *cobra.Command, before, after, format string) (bool, error) {
	var folders [2]bool
	for i, name := range []string{before, after} {
		if name == "-" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return false, err
		}
		folders[i] = info.IsDir()
	}
	switch {
	case folders[0] != folders[1]:
		return false, fmt.Errorf("%s and %s: one is a folder and one a file; want two reports or two files of findings", before, after)
	case folders[0] && format != findings.FormatText:
		return false, fmt.Errorf("--format %s: reports are compared as text only", format)
	case folders[0]:
		return compare.Contents(console.Writer(cmd.OutOrStdout()), before, after)
	}
	list, note, err := findings.CompareFiles(before, after, cmd.InOrStdin())
	if err != nil {
		return false, err
	}
	if note != "" {
		consoleOf(cmd).Warnf("%s: %s", after, note)
	}
	return !changes.Same(list), findings.WriteChanges(cmd.OutOrStdout(), list, format)
}
