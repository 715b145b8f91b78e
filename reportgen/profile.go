package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
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
			return profileFiles(cmd, args, out)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`FILE` write one profile of all files to this file")
	return c
}

func profileFiles(cmd *cobra.Command, paths []string, out string) error {
	c := consoleOf(cmd)
	bar := c.NewBar("flows", console.Count)
	defer bar.Close()
	if out != "" {
		p, err := flowfile.ProfileAll(cmd.Context(), paths, flowfile.Options{Progress: bar.Set})
		if err != nil {
			return err
		}
		bar.Close()
		days.WarnRejected(c, p)
		if err := flowfile.WriteProfile(out, p); err != nil {
			return fmt.Errorf("-o: %w", err)
		}
		return nil
	}
	for _, path := range paths {
		p, at, err := flowfile.CachedProfile(cmd.Context(), path, flowfile.Options{Progress: bar.Set, CacheFailed: days.WarnCache(c)})
		if err != nil {
			return err
		}
		bar.Close()
		days.WarnRejected(c, p)
		if at != "" {
			fmt.Fprintln(cmd.OutOrStdout(), at)
		}
	}
	return nil
}
