package usage

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manualEnd holds the sections that do not come from commands.
const manualEnd = `.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
a cell or rule failed or timed out, alerts were not delivered, or a finding is as severe as \-\-fail\-on says
.TP
.B 2
usage error or bad input
.TP
.B 3
stale: the report differs from what its notebooks produce
.TP
.B 4
the kernel died or did not start
.TP
.B 130
interrupted
.SH ENVIRONMENT
.TP
.B FLOWBOOK_CACHE
cache folder of profiles and outputs of cells (default: flowbook in the user's cache folder)
.TP
.B JUPYTER_PATH, JUPYTER_DATA_DIR, VIRTUAL_ENV, CONDA_PREFIX
folders of kernels, as in Jupyter
.TP
.B SOURCE_DATE_EPOCH
date of reports, databases and undated alerts, in seconds since 1970
.TP
.B REPORTGEN_INPUTS
set for cells: file to which they append the paths of the files they read, one a line
.SH FILES
.TP
.I report.yaml
title, authors, abstract, list of notebooks and parameters, beside the notebooks
.TP
.I sources.json
in a report: its sources
`

// WriteManual writes the manual page of all commands in the man macros of roff,
// man(7). Cobra's own generator writes a page for each command and passes the help
// texts through Markdown, which joins the lines of their lists.
func WriteManual(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH REPORTGEN 1 \"\" Flowbook \"User Commands\"\n")
	fmt.Fprintf(&b, ".SH NAME\nreportgen \\- %s\n", roff(strings.ToLower(root.Short[:1])+root.Short[1:]))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B reportgen\n.I command\n[\\fIoptions\\fR] [\\fIarguments\\fR]\n")
	b.WriteString(".SH COMMANDS\n")
	manualCommands(&b, root)
	b.WriteString(manualEnd)
	_, err := io.WriteString(w, b.String())
	return err
}

func manualCommands(b *strings.Builder, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() || c.Name() == "completion" || c.Name() == "help" {
			continue
		}
		if c.Runnable() {
			manualCommand(b, c)
		}
		manualCommands(b, c)
	}
}

func manualCommand(b *strings.Builder, c *cobra.Command) {
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

// roff escapes text for roff.
func roff(text string) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	text = strings.ReplaceAll(text, "-", `\-`)
	return lineStart.ReplaceAllString(text, `\&$1`)
}
