package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/flowbook/flowbook/reportgen/internal/siem"
	"github.com/spf13/cobra"
)

const rulesHelp = `Rules prints the detection rules in force: the built-in ones with those of --rules laid over
them.

Formats: table, for people; sigma, the enabled rules as Sigma (rules and correlations 2.1.0) for
other tools, whose limits are fixed where Flowbook's are learned from the baseline day; yaml, all
that there is, in the form that --rules reads. A file of your own may hold just a rule's name and
the fields that differ, such as

    name: new-country
    level: low
    flowbook:
      thresholds: {sensitivity: 5}
      actions:
        - to: https://alerts.example/hook

A whole rule of your own is evaluated on the day's conversations (one source, destination,
protocol and port each), by the fields src_ip, dst_ip, dst_port, proto, flows, up_bytes,
down_bytes, and src_ and dst_ with internal, country, owner and asn; counts are those of the day.
Correlations count flows (event_count), distinct values (value_count), sums and averages
(value_sum, value_avg) or rules that all match (temporal) per src_ip or dst_ip and day;
flowbook.baseline: {new: true} or {times: 3} compares with the baseline day.`

// newRulesCommand is reportgen rules: the rules in force.
func newRulesCommand() *cobra.Command {
	var files []string
	var format string
	c := &cobra.Command{
		Use:   "rules",
		Short: "Print the detection rules as a table, YAML or Sigma",
		Long:  rulesHelp,
		Example: `  reportgen rules
  reportgen rules --rules own.yaml --format sigma > rules.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runRules(files, format, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	c.Flags().StringArrayVar(&files, "rules", nil, "`file` of rules that add to, override or disable the built-in ones (repeatable)")
	c.Flags().StringVar(&format, "format", "table", "table, yaml or sigma")
	return c
}

func runRules(files []string, format string, stdout, stderr io.Writer) error {
	set, err := siem.Open(files...)
	if err != nil {
		return err
	}
	write, ok := map[string]func(io.Writer) error{"table": set.WriteTable, "yaml": set.WriteYAML, "sigma": set.WriteSigma}[format]
	if !ok {
		return fmt.Errorf("--format %q is none of table, yaml, sigma", format)
	}
	for _, w := range set.Warnings {
		fmt.Fprintln(stderr, w)
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	_, err = stdout.Write(text.Bytes())
	return err
}
