package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

Two findings are the same if they have the same rule and entity. Diff lists findings that
are new, back (after days without them), gone or ongoing. An ongoing finding is louder or
quieter if its severity changed, or its score by at least 0.1. A missing finding is unseen
rather than gone if the records of --coverage say that its rule did not run. Diff ignores
findings of severity info.

For reports, diff lists the texts, tables and figures that are new, changed, moved or gone,
and the cause: the parameters, notebooks and inputs that differ.

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
	usage.Choice(c, &format, "format", "`FORMAT` output format", findings.ChangeFormats()...)
	return c
}

// holdsFlows reports whether a folder has the flow files of a day, or the folders of days.
func holdsFlows(folder string) bool {
	for _, pattern := range []string{"*.parquet", "date=*"} {
		if found, err := filepath.Glob(filepath.Join(folder, pattern)); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// diff writes what differs and returns whether anything does.
func diff(cmd *cobra.Command, before, after, format string) (bool, error) {
	if before == "-" && after == "-" {
		return false, errors.New("- and -: standard input can be read only once; name a file for one of them")
	}
	var folders [2]bool
	for i, name := range []string{before, after} {
		if name == "-" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return false, err
		}
		if folders[i] = info.IsDir(); folders[i] && holdsFlows(name) {
			return false, fmt.Errorf("%s: a folder of flow files, not a report; compare what reportgen detect --format json prints for each day", name)
		}
	}
	switch {
	case folders[0] != folders[1]:
		return false, fmt.Errorf("%s and %s: one is a folder and one a file; want two reports or two files of findings", before, after)
	case folders[0]:
		return compare.Contents(console.Writer(cmd.OutOrStdout()), before, after, format)
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
