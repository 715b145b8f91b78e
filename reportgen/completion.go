package main

import (
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// completeNotebooks lets shells complete notebooks and folders as arguments.
func completeNotebooks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"ipynb"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeReport lets shells complete the folder of a report, then notebooks.
func completeReport(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return completeNotebooks(c, args, word)
}

// completeRunFlags lets shells complete the values of the flags of a run. Names of
// flags that a command does not have are passed over.
func completeRunFlags(c *cobra.Command) {
	values := map[string]cobra.CompletionFunc{
		"to":     cobra.FixedCompletions(report.FormatNames(), cobra.ShellCompDirectiveNoFileComp),
		"kernel": completeKernel,
		"output": func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	for name, complete := range values {
		if c.Flags().Lookup(name) != nil {
			// It fails only for a flag that is not there.
			_ = c.RegisterFlagCompletionFunc(name, complete)
		}
	}
}

// completeKernel lists the kernels that Jupyter would find here.
func completeKernel(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return kernel.Names("."), cobra.ShellCompDirectiveNoFileComp
}
