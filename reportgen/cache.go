package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/units"
	"github.com/flowbook/flowbook/reportgen/execute"
)

// cellCache is where outputs of cells are kept: in a folder beside the profiles.
func cellCache() (*execute.Cache, error) {
	dir, err := profile.CacheDir()
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	return &execute.Cache{Dir: filepath.Join(dir, "cells"), Places: []string{programVariable, cacheVariable}}, nil
}

// newCacheCommand is reportgen cache: what is kept of earlier runs.
func newCacheCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "cache",
		Short: "List and clean the outputs that are kept of earlier runs",
		Long: `Cells whose code, parameters, kernel, imported packages and inputs are what they
were do not run again: their outputs come from the cache, in the folder "cells" of
$FLOWBOOK_CACHE or of flowbook in the user's cache folder. It is always safe to clean.`,
		Example: "  reportgen cache list\n  reportgen cache clean --older 720h",
	}
	c.AddCommand(newCacheListCommand(), newCacheCleanCommand())
	return c
}

func newCacheListCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the notebooks whose outputs are kept",
		Example: "  reportgen cache list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cache, err := cellCache()
			if err != nil {
				return err
			}
			list, err := cache.List()
			if err != nil {
				return err
			}
			var size int64
			for _, e := range list {
				size += e.Size
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%d cells\t%s\tused %s\n",
					e.Notebook, e.Cells, units.Bytes(e.Size), e.Used.Format(time.DateTime))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d notebooks, %s in %s\n", len(list), units.Bytes(size), cache.Dir)
			return nil
		},
	}
}

func newCacheCleanCommand() *cobra.Command {
	var older time.Duration
	c := &cobra.Command{
		Use:     "clean",
		Short:   "Remove the outputs that are kept",
		Example: "  reportgen cache clean\n  reportgen cache clean --older 720h",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if older < 0 {
				return errors.New("--older takes no negative value")
			}
			cache, err := cellCache()
			if err != nil {
				return err
			}
			before := time.Now().Add(-older)
			if older == 0 {
				before = before.Add(time.Hour) // whatever the file system's clock says
			}
			removed, err := cache.Clean(before)
			for _, e := range removed {
				fmt.Fprintln(cmd.OutOrStdout(), e.Notebook)
			}
			return err
		},
	}
	c.Flags().DurationVar(&older, "older", 0, "only what was not used for this long")
	return c
}
