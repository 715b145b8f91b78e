package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

const synthHelp = `Synth writes three days of flows of a fictitious organisation whose compromised hosts are
known:

  data.parquet      a normal day
  test.parquet      another day, with activity that every detection should find
  servers.parquet   external clients of the public servers, some of them programs
  country.mmdb      countries of the addresses in the days
  asn.mmdb          owners of the addresses in the days
  truth.json        the planted activity, and benign activity that resembles it

With --days, it writes that many days in a row, date=YYYY-MM-DD/flows.parquet for each, beside
the two databases and truth.json, which lists what is planted on each day. There are working
days and weekends, hosts that come and go, and jobs of the night, the week and the month.
Attacks begin on the eighth day or later, and go on, change or stop.

The same options give the same bytes.`

// newSynthCommand returns reportgen synth, which writes sample days.
func newSynthCommand() *cobra.Command {
	var dir, start string
	var days int
	var opt synth.Options
	c := &cobra.Command{
		Use:   "synth -o FOLDER",
		Short: "Write sample days with known compromised hosts",
		Long:  synthHelp,
		Example: `  reportgen synth -o days
  reportgen synth -o small --flows 50000 --hosts 60 --seed 7
  reportgen synth -o fortnight --days 14 --start 2024-03-08 --hosts 60 --flows 20000`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("missing -o, the folder to write to")
			}
			if days != 0 {
				if cmd.Flags().Changed("strength") {
					return errors.New("--strength is for the three sample days; it has no effect with --days")
				}
				return writeWeeks(cmd, dir, days, start, opt)
			}
			if start != "" {
				return errors.New("--start needs --days")
			}
			return writeSample(cmd, dir, opt)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&dir, "output", "o", "", "`FOLDER` folder to write to; it is created if it does not exist")
	flags.Uint64Var(&opt.Seed, "seed", synth.DefaultSeed, "`NUMBER` seed that the days are generated from, 1 or more")
	flags.IntVar(&opt.Flows, "flows", synth.DefaultFlows, fmt.Sprintf("`NUMBER` approximate flows a day, from %d to %d", synth.MinFlows, synth.MaxFlows))
	flags.IntVar(&opt.Hosts, "hosts", synth.DefaultHosts, fmt.Sprintf("`NUMBER` hosts of the organisation, from %d to %d", synth.MinHosts, synth.MaxHosts))
	flags.Float64Var(&opt.Strength, "strength", 1, "`FACTOR` multiplies the bytes of planted uploads and the flows of other planted activity")
	flags.IntVar(&days, "days", 0, "`NUMBER` write this many days in a row, one folder each")
	flags.StringVar(&start, "start", "", "`DATE` first day of --days (default 2024-03-04)")
	return c
}

// writeWeeks writes an organisation's days, one folder each.
func writeWeeks(cmd *cobra.Command, dir string, days int, start string, opt synth.Options) error {
	o := synth.WeeksOptions{Seed: opt.Seed, Hosts: opt.Hosts, Days: days, Flows: opt.Flows / max(1, opt.Hosts)}
	if start != "" {
		var err error
		if o.Start, err = time.Parse(time.DateOnly, start); err != nil {
			return fmt.Errorf("--start %q: not a date such as 2024-03-04", start)
		}
	}
	weeks, err := synth.NewWeeks(o)
	if err != nil {
		return err
	}
	folders := map[string]bool{}
	for i := range weeks.Len() {
		folders["date="+weeks.Date(i).Format(time.DateOnly)] = true
	}
	// Days of another run would become part of the same history.
	old, err := filepath.Glob(filepath.Join(dir, "date=*"))
	if err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	for _, path := range old {
		if !folders[filepath.Base(path)] {
			return fmt.Errorf("-o %s: has a day that these options do not write, %s; choose another folder or remove it", dir, filepath.Base(path))
		}
	}
	c := consoleOf(cmd)
	for i := range weeks.Len() {
		folder := filepath.Join(dir, "date="+weeks.Date(i).Format(time.DateOnly))
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return fmt.Errorf("-o: creating the folder: %w", err)
		}
		n, err := writeFlows(cmd.Context(), filepath.Join(folder, "flows.parquet"), weeks.Day(i))
		if err != nil {
			return err
		}
		c.Infof("%s: %s flows", filepath.Base(folder), humanize.Comma(n))
	}
	truth := weeks.Truth()
	if err := writeTruth(dir, weeks.WriteCountryDB, weeks.WriteOwnerDB, truth.Write); err != nil {
		return err
	}
	planted := map[string]bool{}
	for _, d := range truth.Days {
		for _, p := range d.Planted {
			planted[p.Rule+" "+p.Entity.String()] = true
		}
	}
	c.Infof("truth.json: %d planted, %d benign but similar", len(planted), len(truth.Benign))
	return nil
}

// writeTruth writes the two databases and the truth.
func writeTruth(dir string, country, owner, truth func(io.Writer) error) error {
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{{"country.mmdb", country}, {"asn.mmdb", owner}, {"truth.json", truth}} {
		if err := wholefile.Write(filepath.Join(dir, file.name), 0o666, file.write); err != nil {
			return err
		}
	}
	return nil
}

// writeSample writes the files of a sample one after the other, each of them
// atomically.
func writeSample(cmd *cobra.Command, dir string, opt synth.Options) error {
	plan, err := synth.New(opt)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("-o: creating the folder: %w", err)
	}
	c := consoleOf(cmd)
	days := []struct {
		name  string
		flows iter.Seq[flow.Record]
	}{{"data.parquet", plan.Data()}, {"test.parquet", plan.Test()}, {"servers.parquet", plan.Servers()}}
	for _, day := range days {
		n, err := writeFlows(cmd.Context(), filepath.Join(dir, day.name), day.flows)
		if err != nil {
			return err
		}
		c.Infof("%s: %s flows", day.name, humanize.Comma(n))
	}
	truth := plan.Truth()
	if err := writeTruth(dir, plan.WriteCountryDB, plan.WriteOwnerDB, truth.Write); err != nil {
		return err
	}
	c.Infof("truth.json: %d planted, %d benign but similar", len(truth.Planted), len(truth.Benign))
	return nil
}

// writeFlows writes a flow file and returns its number of flows.
func writeFlows(ctx context.Context, path string, flows iter.Seq[flow.Record]) (n int64, err error) {
	w, err := flowfile.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Abort()) }()
	for r := range flows {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if err := w.Write(r); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		n++
	}
	if err := w.Close(); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}
