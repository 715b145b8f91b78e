package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
	"github.com/flowbook/flowbook/reportgen/internal/allowlist"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/engines"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
	"github.com/flowbook/flowbook/reportgen/internal/siem"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

const detectHelp = `Detect compares a day with earlier days of the same network and prints findings. A day is
a Parquet flow file or a profile that reportgen profile -o wrote.

Give earlier days with --baseline: files, folders or patterns. Or name a folder of days
with --days (date=2024-03-20/*.parquet or 2024-03-20.parquet). Then --test is a date or
latest, and the 28 days before it are the baseline. Without earlier days, detect compares
hosts with fixed limits and with the other hosts of the day. With --engine, a ClickHouse
server holds the days. Then --test is a date, and --baseline takes dates and ranges of
them, such as 2024-03-23..2024-04-19.

Detect reports on stderr which rules ran, from how many days and hosts they learned, and
what they could not see. With --coverage, it also prints one record for each rule.

The networks of the organisation are inferred from the flows unless --internal lists them.

Formats:
  table      devices and findings, without those at severity info
  json       one finding per line
  csv        one finding per line, with a header
  ocsf       one Detection Finding of the Open Cybersecurity Schema Framework per line
  ecs        one event of the Elastic Common Schema per line
  stix       one bundle of STIX 2.1 with a sighting for each technique of each finding
  sarif      one SARIF 2.1.0 log, for pipelines that show results
  junit      a JUnit report: each alert is a failed test, each rule without alerts a passed one
  navigator  one ATT&CK Navigator layer with the techniques of all findings
Stix and navigator leave out findings at severity info.

The exit status does not depend on the findings. With --fail-on, it is 1 if a finding has
that severity or above.

An allow list is a YAML file of findings that the organisation accepts. It only hides them:
detections still learn from the flows.

  - network: 88.198.7.20          # an address or a network, of the entity or its peer
    rules: [external-automation]  # default: all rules
    reason: monitoring service that we pay for
  - owner: Dropbox                # words of an owner's name, or an ASN such as AS19679
    rules: [exfiltration]
  - country: BR

A finding is hidden if all fields of one item match it.

` + alertHelp

// newDetectCommand returns reportgen detect, which prints the findings of a day.
func newDetectCommand() *cobra.Command {
	opt := detectOptions{format: findings.Formats()[0]}
	c := &cobra.Command{
		Use:   "detect --test DAY [--baseline DAYS]...",
		Short: "Find hosts that behave like compromised ones",
		Long:  detectHelp,
		Example: `  reportgen detect --baseline data.parquet --test test.parquet --country country.mmdb --asn asn.mmdb
  reportgen detect --baseline data.parquet --test test.parquet --servers servers.parquet --format json
  reportgen detect --engine clickhouse://reader@db.example/rita --mapping rita --test 2024-04-20 --baseline 2024-04-19`,
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt.sensitivitySet = cmd.Flags().Changed("sensitivity")
			return opt.run(cmd)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&opt.selection.Baselines, "baseline", nil, "`DAYS` file, folder or pattern of earlier days (repeatable)")
	usage.Once(f, &opt.selection.Folder, "days", "`FOLDER` folder of days from which --test and the 28 days before it are read")
	usage.Once(f, &opt.selection.Test, "test", "`DAY` file of the day under test; with --days, a date or latest")
	f.BoolVar(&opt.coverage, "coverage", false, "also print what each rule learned from and could not see")
	f.StringArrayVar(&opt.intel, "intel", nil, "`FILE` list of malicious addresses: plain, CSV, MISP or STIX JSON, Zeek (repeatable)")
	usage.Once(f, &opt.selection.Servers, "servers", "`FILE` flow file of external clients' connections to the public servers")
	usage.Once(f, &opt.country, "country", "`FILE` MMDB of countries")
	usage.Once(f, &opt.asn, "asn", "`FILE` MMDB of owners (autonomous systems)")
	f.StringVar(&opt.internal, "internal", "", "`CIDR,...` networks of the organisation (default: inferred from the flows)")
	f.Float64Var(&opt.sensitivity, "sensitivity", detect.DefaultSensitivity, "`NUMBER` limit of usual values, in robust standard deviations from the median; overrides the rules")
	usage.Choice(c, &opt.format, "format", "`FORMAT` output format", append(findings.Formats(), alert.Formats()...)...)
	usage.Once(f, &opt.allow, "allow", "`FILE` allow list of findings to hide")
	usage.Choice(c, &opt.failOn, "fail-on", "`SEVERITY` exit with 1 if a finding has this severity or above", detect.Severities()...)
	opt.server.AddFlags(f, "let a database compute the profiles of days", "--engine")
	opt.alerts.addFlags(c)
	return c
}

type detectOptions struct {
	selection              days.Selection
	server                 engines.Server
	country, asn, internal string
	coverage               bool
	intel                  []string
	sensitivity            float64
	sensitivitySet         bool
	format                 string
	allow                  string
	failOn                 detect.Severity
	alerts                 alertOptions
}

func (opt *detectOptions) run(cmd *cobra.Command) (err error) {
	// Profiles stay in use to the end, so that collecting garbage often frees little:
	// a history of four weeks takes a seventh less time so.
	defer debug.SetGCPercent(debug.SetGCPercent(300))
	c, stdout := consoleOf(cmd), cmd.OutOrStdout()
	rules, err := siem.Open(opt.alerts.rules...)
	if err != nil {
		return err
	}
	for _, w := range rules.Warnings {
		c.Warnf("%s", w)
	}
	if err := opt.validate(); err != nil {
		return err
	}
	alerts, err := opt.alerts.open(rules, opt.format)
	if err != nil {
		return err
	}
	var allowed detect.AllowList
	if opt.allow != "" {
		isRule := func(id string) bool { _, ok := rules.Rule(id); return ok }
		if allowed, err = allowlist.Read(opt.allow, isRule); err != nil {
			return fmt.Errorf("--allow: %w", err)
		}
	}
	in, err := opt.input(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Geo.Close()) }()
	r, err := rules.Detect(in)
	if err != nil {
		return err
	}
	if err := in.Geo.Err(); err != nil {
		return fmt.Errorf("looking up addresses: %w", err)
	}
	r, hidden := allowed.Apply(r)
	for i, n := range hidden {
		if n > 0 {
			c.Infof("not shown: %d of %s (%s)", n, allowlist.Describe(allowed[i]), opt.allow)
		}
	}
	// Alerts go first: the reader of the findings may close the pipe.
	undated, err := alerts.Make(r.Findings, in, opt.selection.Test)
	if err != nil {
		return err
	}
	if undated != "" {
		c.Warnf("alerts have no times: %s; give the date with --day", undated)
	}
	seen := r.Coverage()
	for _, line := range findings.CoverageLines(seen) {
		c.Infof("%s", line)
	}
	delivered := deliver(cmd.Context(), alerts, c)
	var printed error
	switch {
	case opt.format == alert.FormatJUnit:
		printed = alert.WriteJUnit(stdout, alerts.Alerts, seen)
	case slices.Contains(alert.Formats(), opt.format):
		printed = alert.Write(stdout, alerts.Alerts, opt.format)
	default:
		printed = findings.Write(stdout, r, opt.format)
	}
	if printed == nil && opt.coverage {
		printed = findings.WriteCoverage(stdout, c.Output(), seen, opt.format)
	}
	if printed == nil {
		printed = alerts.Routes.WriteStdout(stdout)
	}
	return errors.Join(delivered, printed, opt.verdict(r))
}

func (opt *detectOptions) validate() error {
	switch {
	case opt.selection.Test == "":
		return errors.New("missing --test, the day under test; detect works best with --baseline, earlier days of the same network")
	case !(opt.sensitivity > 0):
		return fmt.Errorf("--sensitivity %v: must be above 0", opt.sensitivity)
	}
	return nil
}

// input opens the days and databases.
func (opt *detectOptions) input(cmd *cobra.Command) (in detect.Input, err error) {
	c := consoleOf(cmd)
	if opt.sensitivitySet {
		in.Sensitivity = opt.sensitivity
	}
	if in.Intel, err = days.ReadIntel(opt.intel, c); err != nil {
		return in, err
	}
	if opt.server.Given() {
		err = opt.server.OpenDays(cmd.Context(), opt.selection, &in, c)
	} else if err = opt.server.Check(); err == nil {
		err = opt.selection.Open(cmd.Context(), &in, c)
	}
	if err != nil {
		return in, err
	}
	if err := days.SetInternal(&in, opt.internal, c); err != nil {
		return in, err
	}
	in.Geo, err = geo.Open(opt.country, opt.asn)
	return in, err
}

// verdict returns an error if findings are as severe as --fail-on says.
func (opt *detectOptions) verdict(r detect.Result) error {
	if opt.failOn == "" {
		return nil
	}
	n := detect.CountAtLeast(r.Findings, opt.failOn)
	if n == 0 {
		return nil
	}
	return exit.With(exit.Failed, fmt.Errorf("%d findings of severity %s or above (--fail-on)", n, opt.failOn))
}
