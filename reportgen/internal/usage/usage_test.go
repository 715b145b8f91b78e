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
	c.Flags().DurationVar(&limit, "timeout", 0, "`DURATION` per-cell timeout (0 = none)")
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
