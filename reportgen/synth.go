package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/reportgen/internal/synth"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
)

const synthHelp = `Synth writes three days of flows of a fictitious organisation whose compromised hosts are
known:

  data.parquet      a normal day
  test.parquet      another day, with activity that every detection should find
  servers.parquet   external clients of the public servers, some of them programs
  country.mmdb      countries of the addresses in the days
  asn.mmdb          owners of the addresses in the days
  truth.json        the planted activity, and benign activity that resembles it

With --days, it writes that many consecutive days as date=YYYY-MM-DD/flows.parquet, the two
databases, and truth.json, which lists what is planted on each day. The days include weekends,
hosts that come and go, and jobs that run every night, week or month. Attacks begin on the
eighth day or later, and continue, change or stop.

The same options give the same bytes.`

// newSynthCommand returns reportgen synth, which writes sample days.
func newSynthCommand() *cobra.Command {
	var dir string
	var start time.Time
	var days int
	var opt synth.Options
	c := &cobra.Command{
		Use:   "synth -o FOLDER",
		Short: "Write sample days with known compromised hosts",
		Long:  synthHelp,
		Example: `  reportgen synth -o days
  reportgen synth -o small --flows 50000 --hosts 60 --seed 7
  reportgen synth -o fortnight --days 14 --start 2024-03-08 --hosts 60 --flows 20000`,
		Args: usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeDays(cmd, dir, days, start, opt)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&dir, "output", "o", "", "`FOLDER` folder to write to; it is created if it does not exist")
	flags.Uint64Var(&opt.Seed, "seed", synth.DefaultSeed, "`NUMBER` seed that the days are generated from, 1 or more")
	flags.IntVar(&opt.Flows, "flows", synth.DefaultFlows, fmt.Sprintf("`NUMBER` approximate flows a day, from %d to %d", synth.MinFlows, synth.MaxFlows))
	flags.IntVar(&opt.Hosts, "hosts", synth.DefaultHosts, fmt.Sprintf("`NUMBER` hosts of the organisation, from %d to %d", synth.MinHosts, synth.MaxHosts))
	flags.Float64Var(&opt.Strength, "strength", 1, "`FACTOR` multiplies the bytes of planted uploads and the flows of other planted activity")
	flags.IntVar(&days, "days", 0, "`NUMBER` write this many consecutive days, each in its own folder")
	flags.TimeVar(&start, "start", time.Time{}, []string{time.DateOnly}, "`DATE` first day of --days (default 2024-03-04)")
	return c
}

// writeDays writes the three sample days, or as many days in a row as --days says.
func writeDays(cmd *cobra.Command, dir string, days int, start time.Time, opt synth.Options) error {
	set := cmd.Flags().Changed
	for _, name := range []string{"seed", "flows", "hosts", "strength", "days"} {
		if set(name) && cmd.Flags().Lookup(name).Value.String() == "0" {
			return fmt.Errorf("--%s 0: must be above 0", name)
		}
	}
	switch {
	case dir == "":
		return errors.New("missing -o, the folder to write to")
	case days == 0 && !start.IsZero():
		return errors.New("--start needs --days")
	case days != 0 && set("strength"):
		return errors.New("--strength is for the three sample days; it has no effect with --days")
	}
	drawn, err := drawDays(days, start, opt)
	if err != nil {
		return err
	}
	err = drawn.WriteFolder(cmd.Context(), dir, func(name string, flows int64) {
		consoleOf(cmd).Infof("%s: %s flows", name, humanize.Comma(flows))
	})
	if err == nil {
		consoleOf(cmd).Infof("truth.json: %s", drawn.Summary())
	}
	return err
}

// drawDays returns the sample days that the flags describe.
func drawDays(days int, start time.Time, opt synth.Options) (drawn synth.Days, err error) {
	if days == 0 {
		drawn, err = synth.New(opt)
	} else {
		weeks := synth.WeeksOptions{Seed: opt.Seed, Hosts: opt.Hosts, Days: days, Flows: opt.Flows, Start: start}
		drawn, err = synth.NewWeeks(weeks)
	}
	if err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	return drawn, nil
}
