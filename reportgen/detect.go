package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/reportgen/internal/alert"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/spf13/cobra"
)

const detectHelp = `Detect compares a day with the days before it and prints what stands out. A day is a Parquet
flow file or a profile that reportgen profile -o wrote.

--baseline names earlier days: files, folders or patterns, as often as needed. With --days, a folder
of days (date=2024-03-20/*.parquet or 2024-03-20.parquet), --test is a date or latest, and up to 28
days before it are the baseline. Without either, limits are fixed ones and those of the day's
other hosts. One line on stderr says which rules ran, from how many days and hosts they learned,
and what they could not see; --coverage writes a record a rule.

The organisation's networks are inferred from the flows unless --internal lists them.

Formats: table, for people, with the devices concerned first; json, one finding a line;
csv, one finding a line under a header; ocsf and ecs, one event a line in the words of the
Open Cybersecurity Schema Framework (Detection Finding) and the Elastic Common Schema. The exit
status is 0 however much is found, unless --fail-on says otherwise.

` + showHelp + `

` + alertHelp

// newDetectCommand is reportgen detect: days to findings.
func newDetectCommand() *cobra.Command {
	var opt detectOptions
	c := &cobra.Command{
		Use:   "detect --test FILE [--baseline FILE]...",
		Short: "Find hosts that behave as a compromised one would",
		Long:  detectHelp,
		Example: `  reportgen detect --baseline data.parquet --test test.parquet --country country.mmdb --asn asn.mmdb
  reportgen detect --baseline data.parquet --test test.parquet --servers servers.parquet --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt.sensitivitySet = cmd.Flags().Changed("sensitivity")
			return runDetect(cmd.Context(), opt, cmd.OutOrStdout(), consoleOf(cmd))
		},
	}
	f := c.Flags()
	f.StringArrayVar(&opt.baselines, "baseline", nil, "`DAYS` file, folder or pattern of earlier days; may be repeated")
	f.StringVar(&opt.days, "days", "", "`DIR` folder of days from which --test and the 28 days before it are read")
	f.StringVar(&opt.test, "test", "", "`DAY` file of the day under test; with --days, a date or latest")
	f.BoolVar(&opt.coverage, "coverage", false, "also write what each rule learned from and could not see")
	f.StringVar(&opt.servers, "servers", "", "`FILE` flows of external clients of the public servers")
	f.StringVar(&opt.country, "country", "", "`FILE` MMDB of countries")
	f.StringVar(&opt.asn, "asn", "", "`FILE` MMDB of owners (autonomous systems)")
	f.StringVar(&opt.internal, "internal", "", "`CIDR,...` networks of the organisation (default: inferred from the flows)")
	f.Float64Var(&opt.sensitivity, "sensitivity", detect.DefaultSensitivity, "`NUMBER` robust standard deviations from the median that count as unusual; overrides the rules")
	f.StringVar(&opt.format, "format", "table", "`FORMAT` output format: table, json, csv, ocsf or ecs")
	opt.show.addFlags(f)
	opt.alerts.addFlags(f)
	return c
}

type detectOptions struct {
	baselines              []string
	days, test, servers    string
	country, asn, internal string
	coverage               bool
	sensitivity            float64
	sensitivitySet         bool
	format                 string
	show                   showOptions
	alerts                 alertOptions
}

func runDetect(ctx context.Context, opt detectOptions, stdout io.Writer, c *console.Console) (err error) {
	alerts, err := opt.alerts.open(c)
	if err != nil {
		return err
	}
	allowed, err := opt.show.open(alerts.isRule)
	if err != nil {
		return err
	}
	write, ok := findingWriters(alerts)[opt.format]
	switch {
	case !ok:
		return fmt.Errorf("--format %q is none of table, json, csv, ocsf, ecs", opt.format)
	case opt.test == "":
		return errors.New("detect needs --test, the day to search, and works best with --baseline, earlier days of the same network")
	case !(opt.sensitivity > 0):
		return fmt.Errorf("--sensitivity %v is not above 0", opt.sensitivity)
	}
	var in detect.Input
	if opt.sensitivitySet {
		in.Sensitivity = opt.sensitivity
	}
	if in.Geo, err = geo.Open(opt.country, opt.asn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Geo.Close()) }()
	if err := opt.openDays(ctx, &in, c); err != nil {
		return err
	}
	if err := internalNetworks(&in, opt.internal, c); err != nil {
		return err
	}
	if err := alerts.dated(in.Test); err != nil {
		return err
	}
	r, err := alerts.set.Detect(in)
	if err != nil {
		return err
	}
	if err := in.Geo.Err(); err != nil {
		return fmt.Errorf("addresses could not be looked up: %w", err)
	}
	r = opt.show.apply(allowed, r, c)
	seen := coverages(r)
	c.Infof("%s", coverageLine(seen))
	if err := write(stdout, r); err != nil {
		return err
	}
	if opt.coverage {
		if err := opt.writeCoverage(stdout, c, seen); err != nil {
			return err
		}
	}
	return errors.Join(alerts.send(ctx, r.Findings, stdout, c), opt.show.verdict(r))
}

// writeCoverage writes the records beside findings of the table and of JSON, and
// to stderr if the findings are in a format that has no place for them.
func (opt detectOptions) writeCoverage(stdout io.Writer, c *console.Console, seen []detect.Coverage) error {
	switch opt.format {
	case "json":
		return writeCoverageJSON(stdout, seen)
	case "table":
		fmt.Fprintln(stdout)
		return writeCoverageTable(stdout, seen)
	}
	return writeCoverageTable(c.Output(), seen)
}

func findingWriters(alerts *alerting) map[string]func(io.Writer, detect.Result) error {
	return map[string]func(io.Writer, detect.Result) error{
		"table": writeFindingTable,
		"json":  writeFindingJSON,
		"csv":   writeFindingCSV,
		"ocsf":  alerts.writer(alert.FormatOCSF),
		"ecs":   alerts.writer(alert.FormatECS),
	}
}

// writeFindingJSON writes one finding a line.
func writeFindingJSON(w io.Writer, r detect.Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, f := range r.Findings {
		if err := enc.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// writeFindingCSV writes a header and one finding a line; evidence is JSON.
func writeFindingCSV(w io.Writer, r detect.Result) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"rule", "entity", "severity", "score", "attack", "summary", "first", "last", "evidence"}}
	for _, f := range r.Findings {
		evidence, err := json.Marshal(f.Evidence)
		if err != nil {
			return err
		}
		rows = append(rows, []string{f.Rule, f.Entity.String(), string(f.Severity), strconv.FormatFloat(f.Score, 'g', -1, 64),
			strings.Join(f.Attack, " "), f.Summary, f.Window[0].String(), f.Window[1].String(), string(evidence)})
	}
	return out.WriteAll(rows)
}

// writeFindingTable writes the devices, the findings above info and how many
// more there are.
func writeFindingTable(w io.Writer, r detect.Result) error {
	infos := 0
	devices, findings := newTable(w), newTable(w)
	fmt.Fprintln(devices, "DEVICE\tSEVERITY\tSCORE\tRULES")
	for _, d := range r.Devices {
		var rules []string
		for _, f := range d.Findings {
			if !slices.Contains(rules, f.Rule) {
				rules = append(rules, f.Rule)
			}
		}
		fmt.Fprintf(devices, "%s\t%s\t%.3f\t%s\n", d.Entity, d.Severity, d.Score, strings.Join(rules, ", "))
	}
	fmt.Fprintln(findings, "RULE\tENTITY\tSEVERITY\tSCORE\tFROM\tTO\tSUMMARY")
	for _, f := range r.Findings {
		if f.Severity == detect.Info {
			infos++
			continue
		}
		fmt.Fprintf(findings, "%s\t%s\t%s\t%.3f\t%s\t%s\t%s\n", f.Rule, f.Entity, f.Severity, f.Score,
			clock(f.Window[0]), clock(f.Window[1]), f.Summary)
	}
	if len(r.Devices) == 0 {
		fmt.Fprintln(w, "Nothing stands out.")
	} else {
		if err := devices.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w)
		if err := findings.Flush(); err != nil {
			return err
		}
	}
	if infos > 0 {
		_, err := fmt.Fprintf(w, "\n%d more for information only; --format json or csv has them.\n", infos)
		return err
	}
	return nil
}

func newTable(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// clock writes a time to the minute.
func clock(t flow.Time) string { return fmt.Sprintf("%02d:%02d", t.Hour(), t/flow.Minute%60) }
