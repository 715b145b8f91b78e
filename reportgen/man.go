package main

import (
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newManCommand returns reportgen man, which prints the manual page.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "Print the manual page",
		Long:    `Man prints the manual page of all commands, for the program man.`,
		Example: "  reportgen man > ~/.local/share/man/man1/reportgen.1",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage.WriteManual(cmd.OutOrStdout(), cmd.Root())
		},
	}
}
