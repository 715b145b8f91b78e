package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/gonb"
)

// newKernelCommand is reportgen kernel: the kernels for other programs.
func newKernelCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "kernel",
		Short: "Set up the notebooks' kernel for JupyterLab",
	}
	c.AddCommand(newKernelInstallCommand())
	return c
}

func newKernelInstallCommand() *cobra.Command {
	var prefix string
	c := &cobra.Command{
		Use:   "install",
		Short: "Let a JupyterLab find the GoNB kernel that this module pins",
		Long: `Install builds the GoNB kernel that the Go module around this folder pins, and
writes its kernel spec to PREFIX/share/jupyter/kernels/gonb, where a JupyterLab
installed in the virtual environment PREFIX finds it. Cells import the module's
packages as they are on disk. Nothing else is changed.`,
		Example: "  reportgen kernel install --prefix .venv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := gonb.Install(cmd.Context(), ".", prefix, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), file)
			return nil
		},
	}
	c.Flags().StringVar(&prefix, "prefix", ".venv", "the virtual environment of JupyterLab")
	return c
}
