package usage

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"
)

// Prepare makes the commands below root refuse unknown names, words the errors of
// their flags, and shows flags with their placeholders in help texts. Call it after
// all commands are added.
func Prepare(root *cobra.Command) {
	requireSubcommands(root)
	root.SetFlagErrorFunc(flagError)
	root.SetUsageTemplate(template(root.UsageTemplate()))
}

// AddCobraCommands adds cobra's own commands, help and completion, and makes them
// refuse unknown names. The output of root must be set, for completion keeps it.
func AddCobraCommands(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			requireSubcommands(c)
			for _, shell := range c.Commands() {
				shell.Args = NoArguments
			}
		case "help":
			c.Run, c.RunE = nil, showHelp
			c.Short, c.Long = "Print the help of a command", "Help prints the help of a command, as --help does."
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
		return UnknownCommand(target, rest[0])
	}
	target.InitDefaultHelpFlag()
	target.InitDefaultVersionFlag()
	return target.Help()
}

// AtLeastOne makes a command refuse to run without arguments. The usage line of
// the command calls its first argument name.
func AtLeastOne(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("missing argument %s; run %s --help for the usage", name, cmd.CommandPath())
		}
		return nil
	}
}

// Arguments makes a command refuse to run without one argument for each name of its
// usage line, or with more.
func Arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return AtLeastOne(names[len(args)])(cmd, nil)
		case len(args) > len(names):
			return fmt.Errorf("unexpected argument %q; run %s --help for the usage", args[len(names)], cmd.CommandPath())
		}
		return nil
	}
}

// NoArguments makes a command refuse arguments.
func NoArguments(cmd *cobra.Command, args []string) error {
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
		return UnknownCommand(cmd, args[0])
	}
}

// UnknownCommand is the error of a subcommand that does not exist. It suggests
// those with similar names.
func UnknownCommand(parent *cobra.Command, name string) error {
	message := fmt.Sprintf("unknown command %q for %q", name, parent.CommandPath())
	if similar := Similar(parent, name); len(similar) > 0 {
		return fmt.Errorf("%s; did you mean %s?", message, english.WordSeries(similar, "or"))
	}
	return fmt.Errorf("%s; run %s --help for a list", message, parent.CommandPath())
}

// Similar returns the subcommands whose names are similar to name: two letters apart at
// most, or one in a name of three letters with another first letter.
func Similar(parent *cobra.Command, name string) []string {
	parent.SuggestionsMinimumDistance = 1
	near := parent.SuggestionsFor(name)
	parent.SuggestionsMinimumDistance = 2
	similar := slices.DeleteFunc(parent.SuggestionsFor(name), func(s string) bool {
		return len(name) <= 3 && !slices.Contains(near, s) && !strings.HasPrefix(name, s[:1])
	})
	slices.Sort(similar)
	return similar
}
