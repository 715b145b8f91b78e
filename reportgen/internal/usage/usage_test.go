package usage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

func command() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "Do things"}
	c := &cobra.Command{
		Use: "run FILE", Short: "Run a file", Example: "  tool run a.ipynb",
		Long: "Run runs a file.\n\n  list    of\n  things  here\n\n.Dot at the start and a \\ backslash.",
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	var limit time.Duration
	var name string
	var list []string
	c.Flags().Var(usage.NewDuration(&limit, 0), "timeout", "`DURATION` per-cell timeout (0 = none)")
	c.Flags().StringVarP(&name, "output", "o", "report", "`FOLDER` report to write")
	c.Flags().StringArrayVar(&list, "rules", nil, "`FILE` rules (repeatable)")
	c.Flags().Bool("trust", false, "keep scripts")
	c.Flags().String("plain", "", "set a `value` inside")
	root.AddCommand(c)
	return root
}

func TestFlags(t *testing.T) {
	run, _, err := command().Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `  -o, --output FOLDER      report to write (default report)
      --plain value        set a value inside
      --rules FILE         rules (repeatable)
      --timeout DURATION   per-cell timeout (0 = none)
      --trust              keep scripts
`
	if got := usage.Flags(run.Flags()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestErrors(t *testing.T) {
	for args, want := range map[string]string{
		"run --timeout 5":       `--timeout "5": want a duration such as 30s, 5m or 1h30m`,
		"run --timeout -1h":     `--timeout "-1h": must not be negative`,
		"run --timeout":         "--timeout: the value is missing",
		"run -o":                "--output: the value is missing",
		"run --trust=maybe":     `--trust "maybe": want true or false`,
		"run --port x":          `--port "x": want a whole number`,
		"run --file a --file b": `--file "b": the flag was given before with "a" and takes one file`,
		"run --format xml":      `--format "xml": want text, csv or json`,
		"run --none":            "unknown flag: --none; run tool run --help for a list",
		"run --timout 5s":       "unknown flag: --timout; did you mean timeout?",
		"run -z":                "unknown shorthand flag: 'z' in -z; run tool run --help for a list",
		"rum":                   `unknown command "rum" for "tool"; did you mean run?`,
		"other":                 `unknown command "other" for "tool"; run tool --help for a list`,
		"run":                   "missing argument FILE; run tool run --help for the usage",
		"completion bash extra": `unexpected argument "extra"; tool completion bash takes only flags`,
		"completion extra":      `unknown command "extra" for "tool completion"; run tool completion --help for a list`,
		"help extra":            `unknown command "extra" for "tool"; run tool --help for a list`,
	} {
		root := command()
		run, _, err := root.Find([]string{"run"})
		if err != nil {
			t.Fatal(err)
		}
		run.Args = usage.AtLeastOne("FILE")
		run.Flags().Int("port", 0, "`PORT` port")
		var file string
		usage.Once(run.Flags(), &file, "file", "`FILE` file")
		format := "text"
		usage.Choice(run, &format, "format", "`FORMAT` format", "text", "csv", "json")
		root.SilenceUsage, root.SilenceErrors = true, true
		root.SetArgs(strings.Fields(args))
		usage.Prepare(root)
		usage.AddCobraCommands(root)
		if err := root.Execute(); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", args, err, want)
		}
	}
}

func TestManual(t *testing.T) {
	var b strings.Builder
	if err := usage.WriteManual(&b, command()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".SS tool run FILE [flags]\n", ".EX\n  list    of\n  things  here\n.EE\n", "\\&.Dot at the start and a \\e backslash.\n",
		".TP\n\\fB\\-\\-timeout \\fIDURATION\\fR\nper\\-cell timeout (0 = none)\n", ".SH EXIT STATUS\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
