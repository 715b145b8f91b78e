package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/doctor"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newDoctorCommand returns reportgen doctor, which looks for what Flowbook needs.
func newDoctorCommand() *cobra.Command {
	var format string
	var network bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "List the programs that are missing on this machine",
		Long: `Doctor looks for Go, the kernel of the current folder's module and its tools, Chromium,
Python and JupyterLab, and says how to get what is missing. The exit status is 1 if
something is missing without which reports with Go cells cannot be made.`,
		Example: "  reportgen doctor\n  reportgen doctor --network --format json",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, known := map[string]func(io.Writer, []doctor.Check) error{"table": doctor.WriteTable, "json": doctor.WriteJSON}[format]
			if !known {
				return fmt.Errorf("--format %s: want table or json", format)
			}
			checks := doctor.Look(cmd.Context(), ".", network)
			if err := write(cmd.OutOrStdout(), checks); err != nil {
				return err
			}
			if missing := doctor.Missing(checks); len(missing) > 0 {
				return exit.With(exit.Failed, errors.New("missing: "+strings.Join(missing, ", ")))
			}
			return nil
		},
	}
	c.Flags().StringVar(&format, "format", "table", "`FORMAT` table, or json (one object a line)")
	c.Flags().BoolVar(&network, "network", false, "also ask whether the module proxy is reachable")
	return c
}
