package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/answers"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// run is reportgen as a function: it runs the command in args and returns the
// exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	format, err := console.FormatOf(args)
	c := console.New(stderr, format)
	if err == nil {
		root := newRootCommand()
		root.SetArgs(args)
		root.SetOut(stdout)
		root.SetErr(c.Output()) // for what cobra itself prints
		usage.AddCobraCommands(root)
		err = root.ExecuteContext(console.NewContext(ctx, c))
	}
	status := exit.Status(ctx, err)
	if err != nil {
		c.With("status", status).Error(err)
	}
	return status
}

// consoleOf returns the console of a command that runs.
func consoleOf(cmd *cobra.Command) *console.Console { return console.FromContext(cmd.Context()) }

// The groups of commands in the help.
const (
	groupReports = "reports"
	groupFlows   = "flows"
	groupFinding = "finding"
	groupSetup   = "setup"
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "reportgen",
		Version:       version(),
		Short:         "Turn notebooks and network flow logs into a report that anyone can reproduce",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("log-format", string(console.Text), "`FORMAT` format of messages on stderr: text, json (one object per line) or github (annotations of GitHub Actions)")
	// It fails only for a flag that does not exist.
	_ = root.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{string(console.Text), string(console.JSON), string(console.GitHub)}, cobra.ShellCompDirectiveNoFileComp))
	root.AddGroup(
		&cobra.Group{ID: groupReports, Title: "Reports:"},
		&cobra.Group{ID: groupFlows, Title: "Flows:"},
		&cobra.Group{ID: groupFinding, Title: "Detection:"},
		&cobra.Group{ID: groupSetup, Title: "Setup:"},
	)
	root.SetHelpCommandGroupID(groupSetup)
	root.SetCompletionCommandGroupID(groupSetup)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupReports, newRunCommand(), newCheckCommand(), newDiffCommand(), newPreviewCommand())
	add(groupFlows, newImportCommand(), newProfileCommand(), answers.NewCommand(), newSynthCommand(), newGeoCommand())
	add(groupFinding, newDetectCommand(), newRulesCommand(), newEvaluateCommand(), newSentinelCommand(), newInvestigateCommand())
	add(groupSetup, newInitCommand(), newDoctorCommand(), newKernelCommand(), newCacheCommand(), newManCommand())
	usage.Prepare(root)
	return root
}
