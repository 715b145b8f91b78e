package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/sentinel"
)

// newSentinelCommand returns reportgen sentinel, the command line of the Sentinel
// tool.
func newSentinelCommand() *cobra.Command {
	c := &cobra.Command{
		Use:                "sentinel --data DATA -gi GI -gin GIN",
		Short:              "Analyse one day like the Sentinel tool",
		Example:            "  reportgen sentinel --data test.parquet -gi GeoIP.dat -gin GeoIPASNum.dat -cv -td",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := sentinel.Main(cmd.Context(), args, cmd.OutOrStdout(), consoleOf(cmd))
			if errors.Is(err, flag.ErrHelp) {
				return cmd.Help()
			}
			return err
		},
	}
	c.SetHelpFunc(func(cmd *cobra.Command, _ []string) { fmt.Fprint(cmd.OutOrStdout(), sentinel.Help) })
	return c
}
