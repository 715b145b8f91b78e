package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// newProfileCommand is reportgen profile: flow files to a Profile.
func newProfileCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "profile FILE...",
		Short: "Read flow files and write their profiles",
		Long: `Profile reads Parquet flow files and writes their profiles, from which everything else is computed.

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
	bar := newProfileBar(stderr)
	defer bar.close()
	if out != "" {
		p, err := flowfile.ProfileAll(ctx, paths, flowfile.Options{Progress: bar.progress})
		if err != nil {
			return err
		}
		bar.close()
		warnRejected(stderr, p)
		return flowfile.WriteProfile(out, p)
	}
	for _, path := range paths {
		p, at, err := flowfile.CachedProfile(ctx, path, flowfile.Options{Progress: bar.progress, CacheFailed: warnCache(stderr)})
		if err != nil {
			return err
		}
		bar.close()
		warnRejected(stderr, p)
		if at != "" {
			fmt.Fprintln(stdout, at)
		}
	}
	return nil
}

// warnRejected says which rows of the profile's files were left out, and why.
func warnRejected(stderr io.Writer, p *profile.Profile) {
	rows := int64(0)
	for _, s := range p.Sources {
		rows += s.Rows
	}
	for _, r := range p.Rejected {
		fmt.Fprintf(stderr, "%d of %d rows left out: %s, first in %s, row group %d, row %d, column %s: %q\n",
			r.Count, rows, r.Reason, r.First.File, r.First.RowGroup, r.First.Row, r.First.Column, r.First.Value)
	}
}

// profileBar shows progress on a terminal; elsewhere it shows nothing.
type profileBar struct {
	w   io.Writer // nil where nothing is to be shown
	bar *progressbar.ProgressBar
}

func newProfileBar(w io.Writer) *profileBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return &profileBar{}
	}
	return &profileBar{w: w}
}

// progress is for flowfile.Options. That a terminal cannot be written to is no
// reason to stop.
func (b *profileBar) progress(rows, total int64) {
	if b.w == nil {
		return
	}
	if b.bar == nil {
		b.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(b.w), progressbar.OptionSetWidth(30),
			progressbar.OptionSetDescription("flows"), progressbar.OptionClearOnFinish())
	}
	b.bar.ChangeMax64(total) // another file may have been opened
	_ = b.bar.Set64(rows)
}

// close takes the bar of one file away.
func (b *profileBar) close() {
	if b.bar != nil {
		_ = b.bar.Finish()
		b.bar = nil
	}
}
