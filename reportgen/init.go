package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/starter"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// newInitCommand returns reportgen init, which starts a project.
func newInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Start a project with notebooks of your own",
		Long: `Init writes a Go module with three notebooks (explore, report and investigate), a
report.yaml that declares their inputs, and a workflow that makes and checks the report.
The packages that cells import are copied from this program into DIR/flowbook, so the
project needs no clone of Flowbook. Init creates DIR if it does not exist. If DIR already has
files of a project, init writes nothing.`,
		Example: "  reportgen init office\n  reportgen synth -o office/days\n  reportgen run -o office/report office/notebooks",
		Args:    usage.Arguments("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wholefile.CheckFolder(args[0]); err != nil {
				return err
			}
			if _, err := starter.Write(args[0]); err != nil {
				return err
			}
			consoleOf(cmd).Infof("next: put flow files into %[1]s/days (reportgen import --into %[1]s/days LOGS, or reportgen synth -o %[1]s/days), name them in %[1]s/notebooks/report.yaml, and start reportgen run in %[1]s", console.Escape(args[0]))
			_, err := fmt.Fprintln(cmd.OutOrStdout(), console.Escape(args[0]))
			return err
		},
	}
}
