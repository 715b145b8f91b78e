package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newManCommand is reportgen man: the manual page.
func newManCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long: `Man prints the manual page of all commands, for the program man. It is made from
what --help prints.`,
		Example: "  reportgen man > ~/.local/share/man/man1/reportgen.1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeMan(cmd.OutOrStdout(), cmd.Root())
		},
	}
}

// manEnd is what no command says by itself.
const manEnd = `.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
a cell or a rule failed to run, or took too long
.TP
.B 2
usage or bad input
.TP
.B 3
stale: the report is not what its notebooks give
.TP
.B 4
the kernel died, or did not start
.TP
.B 130
interrupted
.SH ENVIRONMENT
.TP
.B FLOWBOOK_CACHE
the folder of profiles and of outputs of cells, instead of flowbook in the user's cache folder
.TP
.B JUPYTER_PATH, JUPYTER_DATA_DIR, VIRTUAL_ENV, CONDA_PREFIX
where kernels are found, as by Jupyter
.TP
.B SOURCE_DATE_EPOCH
the date of a report that names none, in seconds since 1970
.TP
.B REPORTGEN_INPUTS
set for cells: a file to which they append the paths of what they read, one a line
.SH FILES
.TP
.I report.yaml
beside notebooks: title, authors, abstract, the list of notebooks and their parameters
.TP
.I sources.json
in a report: what it was made from
`

// writeMan writes the page in the man macros of roff, man(7).
func writeMan(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH REPORTGEN 1 \"\" Flowbook \"User Commands\"\n")
	fmt.Fprintf(&b, ".SH NAME\nreportgen \\- %s\n", roff(strings.ToLower(root.Short[:1])+root.Short[1:]))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B reportgen\n.I command\n[\\fIoptions\\fR] [\\fIarguments\\fR]\n")
	b.WriteString(".SH COMMANDS\n")
	manCommands(&b, root)
	b.WriteString(manEnd)
	_, err := io.WriteString(w, b.String())
	return err
}

func manCommands(b *strings.Builder, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() || c.Name() == "completion" || c.Name() == "help" {
			continue
		}
		if c.Runnable() {
			manCommand(b, c)
		}
		manCommands(b, c)
	}
}

func manCommand(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, ".SS %s\n", roff(c.UseLine()))
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(paragraph, " ") {
			fmt.Fprintf(b, ".PP\n.EX\n%s\n.EE\n", roff(paragraph))
			continue
		}
		fmt.Fprintf(b, ".PP\n%s\n", roff(paragraph))
	}
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name, usage := splitUsage(f.Usage)
		option := "\\-\\-" + roff(f.Name)
		if f.Shorthand != "" {
			option = "\\-" + f.Shorthand + ", " + option
		}
		if name != "" {
			option += " \\fI" + roff(name) + "\\fR"
		}
		fmt.Fprintf(b, ".TP\n\\fB%s\n%s\n", option, roff(usage))
	})
	if c.Example != "" {
		fmt.Fprintf(b, ".PP\nExamples:\n.PP\n.EX\n%s\n.EE\n", roff(c.Example))
	}
}

var lineStart = regexp.MustCompile(`(?m)^([.'])`)

// roff makes text that roff prints as it is.
func roff(text string) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	text = strings.ReplaceAll(text, "-", `\-`)
	return lineStart.ReplaceAllString(text, `\&$1`)
}
