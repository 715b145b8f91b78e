package main

import (
	"bytes"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/siem"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

const rulesHelp = `Rules prints the detection rules in force: the built-in ones, with the files of --rules
applied in order.

Formats:
  table  one line a rule
  yaml   all fields, in the form that --rules reads
  sigma  the enabled rules as Sigma rules and correlations (2.1.0) for other tools, with
         fixed limits in place of those that Flowbook learns from the baseline day

A rules file may hold only a rule's name and the fields to override:

    name: new-country
    level: low
    flowbook:
      thresholds: {sensitivity: 5}
      actions:
        - to: https://alerts.example/hook

A new rule is evaluated on the day's conversations: one for each source, destination,
protocol and port. Its fields are src_ip, dst_ip, dst_port, proto, flows, up_bytes and
down_bytes, and internal, country, owner and asn with the prefix src_ or dst_. Counts are
those of the day. A correlation counts flows (event_count), distinct values
(value_count), sums and averages (value_sum, value_avg), or matches if all its rules do
(temporal), for each src_ip or dst_ip and day. The field flowbook.baseline compares with
the baseline day: {new: true} matches what that day does not have, and {times: 3} what
is at least three times as high as on that day.`

// newRulesCommand returns reportgen rules, which prints the rules in force.
func newRulesCommand() *cobra.Command {
	var files []string
	format := siem.Formats()[0]
	c := &cobra.Command{
		Use:   "rules",
		Short: "Print the detection rules as a table, YAML or Sigma",
		Long:  rulesHelp,
		Example: `  reportgen rules
  reportgen rules --rules own.yaml --format sigma > rules.yaml`,
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return printRules(cmd, files, format)
		},
	}
	c.Flags().StringArrayVar(&files, "rules", nil, rulesUsage)
	usage.Choice(c, &format, "format", "`FORMAT` output format", siem.Formats()...)
	return c
}

const rulesUsage = "`FILE` rules that add to, override or disable the built-in ones (repeatable)"

func printRules(cmd *cobra.Command, files []string, format string) error {
	set, err := siem.Open(files...)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := set.Write(&text, format); err != nil {
		return err
	}
	for _, w := range set.Warnings {
		consoleOf(cmd).Warnf("%s", w)
	}
	_, err = console.Writer(cmd.OutOrStdout()).Write(text.Bytes())
	return err
}
