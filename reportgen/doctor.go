package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/doctor"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newDoctorCommand returns reportgen doctor, which looks for what Flowbook needs.
func newDoctorCommand() *cobra.Command {
	format := "table"
	var network bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "List the programs that are missing on this machine",
		Long: `Doctor looks for Go, the kernel of the current folder's module and its tools, Chromium,
Python and JupyterLab, and says how to get what is missing. The exit status is 1 if
something is missing that reports with Go cells need.`,
		Example: "  reportgen doctor\n  reportgen doctor --network --format json",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks := doctor.Look(cmd.Context(), ".", network)
			write := doctor.WriteTable
			if format == "json" {
				write = doctor.WriteJSON
			}
			if err := write(cmd.OutOrStdout(), checks); err != nil {
				return err
			}
			if missing := doctor.Missing(checks); len(missing) > 0 {
				return exit.With(exit.Failed, errors.New("missing: "+strings.Join(missing, ", ")))
			}
			return nil
		},
	}
	usage.Choice(c, &format, "format", "`FORMAT` output format (json has one object a line)", "table", "json")
	c.Flags().BoolVar(&network, "network", false, "also ask whether the module proxy is reachable")
	return c
}
