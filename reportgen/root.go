package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

// run is reportgen as a function: it runs the command in args and returns the
// exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	format, err := logFormat(args)
	c := console.New(stderr, format)
	if err == nil {
		root := newRootCommand()
		root.SetArgs(args)
		root.SetOut(stdout)
		root.SetErr(c.Output()) // for what cobra itself prints
		addCobraCommands(root)
		err = root.ExecuteContext(console.NewContext(ctx, c))
	}
	status := exit.Status(ctx, err)
	if err != nil {
		c.With("status", status).Error(err)
	}
	return status
}

// logFormat returns the value of --log-format. It is read before any other flag,
// so that errors in the flags are written in that format too.
func logFormat(args []string) (console.Format, error) {
	value := string(console.Text)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return console.Text, nil
	}
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, "--log-format="); ok {
			value = v
		} else if arg == "--log-format" && i+1 < len(args) {
			value = args[i+1]
		}
	}
	format, err := console.ParseFormat(value)
	if err != nil {
		return console.Text, fmt.Errorf("--log-format: %w", err)
	}
	return format, nil
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
		Short:         "Turn notebooks and network flow logs into a report that anyone can run again",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("log-format", string(console.Text), "`FORMAT` messages and progress on stderr: text, or json for one record a line")
	// It fails only for a flag that does not exist.
	_ = root.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{string(console.Text), string(console.JSON)}, cobra.ShellCompDirectiveNoFileComp))
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
	add(groupFlows, newImportCommand(), newProfileCommand(), newSynthCommand(), newGeoCommand())
	add(groupFinding, newDetectCommand(), newRulesCommand(), newEvaluateCommand(), newSentinelCommand())
	add(groupSetup, newKernelCommand(), newCacheCommand(), newManCommand())
	requireSubcommands(root)
	root.SetUsageTemplate(usage.Template(root.UsageTemplate()))
	return root
}

// addCobraCommands adds the commands help and completion of cobra, and makes them
// refuse unknown names. The output of root must be set, for completion keeps it.
func addCobraCommands(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			requireSubcommands(c)
		case "help":
			c.Run, c.RunE = nil, showHelp
		}
	}
}

// showHelp prints the help of the command that args name. The command of cobra
// itself prints the help of the program for names that do not exist.
func showHelp(help *cobra.Command, args []string) error {
	target, rest, err := help.Root().Find(args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return unknownCommand(target, rest[0])
	}
	target.InitDefaultHelpFlag()
	target.InitDefaultVersionFlag()
	return target.Help()
}

// atLeastOne makes a command refuse to run without arguments. The usage line of
// the command calls its first argument name.
func atLeastOne(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("missing argument %s; run %s --help for the usage", name, cmd.CommandPath())
		}
		return nil
	}
}

// noArguments makes a command refuse arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q; %s takes only flags", args[0], cmd.CommandPath())
	}
	return nil
}

// requireSubcommands makes commands that only have subcommands refuse anything
// else. Without arguments they print their help. Cobra itself prints the help and
// succeeds in both cases.
func requireSubcommands(c *cobra.Command) {
	for _, inner := range c.Commands() {
		requireSubcommands(inner)
	}
	if c.Runnable() || !c.HasSubCommands() {
		return
	}
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
}

// unknownCommand is the error of a subcommand that does not exist.
func unknownCommand(parent *cobra.Command, name string) error {
	message := fmt.Sprintf("unknown command %q for %q", name, parent.CommandPath())
	if similar := similarCommands(parent, name); len(similar) > 0 {
		return fmt.Errorf("%s; did you mean %s?", message, strings.Join(similar, " or "))
	}
	return fmt.Errorf("%s; run %s --help for a list", message, parent.CommandPath())
}

func similarCommands(parent *cobra.Command, name string) []string {
	parent.SuggestionsMinimumDistance = 2
	similar := parent.SuggestionsFor(name)
	slices.Sort(similar)
	return similar
}
