package main

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newCacheCommand returns reportgen cache, which lists and removes cached outputs.
func newCacheCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "List or remove cached outputs of earlier runs",
		Long: `Cells do not run again if their code, parameters, kernel, imported packages and inputs
are unchanged: their outputs come from the cache. The cache is the folder cells below
$FLOWBOOK_CACHE, which is flowbook in the user's cache folder by default. It is always safe to
remove cached outputs.`,
		Example: "  reportgen cache list\n  reportgen cache clean --older 720h",
	}
	c.AddCommand(newCacheListCommand(), newCacheCleanCommand())
	return c
}

func newCacheListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the notebooks with cached outputs",
		Example: "  reportgen cache list",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cache, err := report.CellCache()
			if err != nil {
				return err
			}
			list, err := cache.List()
			if err != nil {
				return err
			}
			var size int64
			damaged := 0
			for _, e := range list {
				size += e.Size
				if e.Damaged {
					damaged++
				}
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\t%d cells\t%s\tused %s\n",
					console.Escape(e.Notebook), e.Cells, humanize.IBytes(uint64(e.Size)), e.Used.Format(time.DateTime))
				if err != nil {
					return err
				}
			}
			consoleOf(cmd).Infof("%d notebooks, %s in %s", len(list), humanize.IBytes(uint64(size)), cache.Dir)
			if damaged > 0 {
				consoleOf(cmd).Warnf("%d damaged entries; their notebooks run again", damaged)
			}
			return nil
		},
	}
}

func newCacheCleanCommand() *cobra.Command {
	var older time.Duration
	c := &cobra.Command{
		Use:     "clean",
		Short:   "Remove cached outputs",
		Example: "  reportgen cache clean\n  reportgen cache clean --older 720h",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cache, err := report.CellCache()
			if err != nil {
				return err
			}
			before := time.Now().Add(-older)
			if older == 0 {
				before = before.Add(time.Hour) // the clock of a file system may be ahead
			}
			removed, err := cache.Clean(before)
			for _, e := range removed {
				fmt.Fprintln(cmd.OutOrStdout(), console.Escape(e.Notebook))
			}
			return err
		},
	}
	c.Flags().Var(usage.NewDuration(&older, 0), "older", "`DURATION` remove only outputs not used for this long, such as 720h (0 = all)")
	return c
}
