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

const detectHelp = `Detect compares a day with a normal day and prints what stands out. A day is a Parquet
flow file or a profile that reportgen profile -o wrote.

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
		Use:   "detect --baseline FILE --test FILE",
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
	f.StringVar(&opt.baseline, "baseline", "", "`FILE` normal day of the same network")
	f.StringVar(&opt.test, "test", "", "`FILE` day under test")
	f.StringVar(&opt.servers, "servers", "", "`FILE` flows of external clients of the public servers")
	f.StringVar(&opt.country, "country", "", "`FILE` MMDB of countries")
	f.StringVar(&opt.asn, "asn", "", "`FILE` MMDB of owners (autonomous systems)")
	f.StringVar(&opt.internal, "internal", "", "`CIDR,...` networks of the organisation (default RFC 1918 and ULA)")
	f.Float64Var(&opt.sensitivity, "sensitivity", detect.DefaultSensitivity, "`NUMBER` robust standard deviations from the median that count as unusual; overrides the rules")
	f.StringVar(&opt.format, "format", "table", "`FORMAT` output format: table, json, csv, ocsf or ecs")
	opt.show.addFlags(f)
	opt.alerts.addFlags(f)
	return c
}

type detectOptions struct {
	baseline, test, servers string
	country, asn, internal  string
	sensitivity             float64
	sensitivitySet          bool
	format                  string
	show                    showOptions
	alerts                  alertOptions
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
	case opt.baseline == "" || opt.test == "":
		return errors.New("detect needs --baseline, a normal day of the same network, and --test, the day to compare with it; without a baseline nothing says what is unusual")
	case !(opt.sensitivity > 0):
		return fmt.Errorf("--sensitivity %v is not above 0", opt.sensitivity)
	}
	var in detect.Input
	if opt.sensitivitySet {
		in.Sensitivity = opt.sensitivity
	}
	if opt.internal != "" {
		if in.Internal, err = flow.ParseNetworks(opt.internal); err != nil {
			return fmt.Errorf("--internal: %w", err)
		}
	}
	if in.Geo, err = geo.Open(opt.country, opt.asn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Geo.Close()) }()
	if opt.country == "" {
		c.Warnf("new countries are not detected: no --country database")
	}
	if err := opt.openDays(ctx, &in, c); err != nil {
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
	if err := write(stdout, r); err != nil {
		return err
	}
	return errors.Join(alerts.send(ctx, r.Findings, stdout, c), opt.show.verdict(r))
}

// openDays reads the days that are compared.
func (opt detectOptions) openDays(ctx context.Context, in *detect.Input, c *console.Console) (err error) {
	if in.Baseline, err = openDay(ctx, opt.baseline, c); err != nil {
		return fmt.Errorf("--baseline: %w", err)
	}
	if in.Test, err = openDay(ctx, opt.test, c); err != nil {
		return fmt.Errorf("--test: %w", err)
	}
	if slices.Equal(in.Baseline.Sources, in.Test.Sources) {
		c.Warnf("--baseline and --test are the same flows, so that only clients of --servers can be detected; use another day of this network as the baseline")
	}
	if opt.servers != "" {
		if in.Servers, err = openDay(ctx, opt.servers, c); err != nil {
			return fmt.Errorf("--servers: %w", err)
		}
	}
	return nil
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
