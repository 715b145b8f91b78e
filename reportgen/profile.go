package main

import (
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newProfileCommand returns reportgen profile, which makes profiles of flow files.
func newProfileCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "profile FILE...",
		Short: "Make profiles of flow files",
		Long: `Profile reads Parquet flow files and makes profiles of them, from which detections,
tables and figures are computed.

Without -o, it adds a profile of each file to the profile cache and prints its path.
With -o, it merges the profiles of all files and writes the result.`,
		Example: "  reportgen profile data.parquet test.parquet\n  reportgen profile day/*.parquet -o day.profile",
		Args:    usage.AtLeastOne("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out != "" {
				return days.WriteProfile(cmd.Context(), args, out, consoleOf(cmd))
			}
			return days.CacheProfiles(cmd.Context(), args, cmd.OutOrStdout(), consoleOf(cmd))
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`FILE` write one profile of all files to this file")
	return c
}
