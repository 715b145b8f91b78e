package main

import (
	"context"
	"fmt"
	"io"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/scan"
	"github.com/spf13/cobra"
)

// newProfileCommand is reportgen profile: flow files to a Profile.
func newProfileCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "profile FILE...",
		Short: "Scan flow files to profiles",
		Long: `Profile scans Parquet flow files to profiles: what everything else is computed from.

Without -o it fills the profile cache, one profile a file, and prints where each
is kept. With -o it adds all files up to one profile and writes it.`,
		Example: "  reportgen profile data.parquet test.parquet\n  reportgen profile day/*.parquet -o day.profile",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return profileFiles(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args, out)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "write one profile of all files to this `file`")
	return c
}

func profileFiles(ctx context.Context, stdout, stderr io.Writer, paths []string, out string) error {
	var profiles []*profile.Profile
	for _, path := range paths {
		p, at, err := scan.Cached(ctx, path, scan.Options{})
		if err != nil {
			return err
		}
		warnRejected(stderr, p)
		profiles = append(profiles, p)
		if out == "" {
			fmt.Fprintln(stdout, at)
		}
	}
	if out == "" {
		return nil
	}
	return scan.WriteProfile(out, profile.Merge(profiles...))
}

// warnRejected says which rows of a file were left out, and why.
func warnRejected(stderr io.Writer, p *profile.Profile) {
	for _, r := range p.Rejected {
		fmt.Fprintf(stderr, "%s: %d of %d rows left out: %s, first in row group %d, row %d, column %s: %q\n",
			r.First.File, r.Count, p.Sources[0].Rows, r.Reason, r.First.RowGroup, r.First.Row, r.First.Column, r.First.Value)
	}
}
