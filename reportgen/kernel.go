package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/reportgen/internal/gonb"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// newKernelCommand returns reportgen kernel, which sets up kernels for other programs.
func newKernelCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "kernel",
		Short: "Set up the GoNB kernel for JupyterLab",
	}
	c.AddCommand(newKernelInstallCommand())
	return c
}

func newKernelInstallCommand() *cobra.Command {
	var prefix string
	c := &cobra.Command{
		Use:   "install",
		Short: "Install the GoNB kernel of this module for JupyterLab",
		Long: `Install builds the GoNB kernel that the Go module of the current folder pins and writes
its kernel spec to PREFIX/share/jupyter/kernels/gonb, where a JupyterLab installed in the
virtual environment PREFIX finds it. Cells import the module's packages from its folder.
It also builds gopls, which completes code in cells. Nothing else is changed.`,
		Example: "  reportgen kernel install --prefix .venv",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := gonb.Install(cmd.Context(), ".", prefix, frame.ColumnNames(), consoleOf(cmd).Output())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), file)
			return err
		},
	}
	c.Flags().StringVar(&prefix, "prefix", ".venv", "`FOLDER` virtual environment of JupyterLab")
	return c
}
