package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

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

The same options give the same bytes.`

// newSynthCommand returns reportgen synth, which writes sample days.
func newSynthCommand() *cobra.Command {
	var dir string
	var opt synth.Options
	c := &cobra.Command{
		Use:   "synth -o FOLDER",
		Short: "Write sample days with known compromised hosts",
		Long:  synthHelp,
		Example: `  reportgen synth -o days
  reportgen synth -o small --flows 50000 --hosts 60 --seed 7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("missing -o, the folder to write to")
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
	return c
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
	files := []struct {
		name  string
		write func(io.Writer) error
	}{{"country.mmdb", plan.WriteCountryDB}, {"asn.mmdb", plan.WriteOwnerDB}, {"truth.json", plan.Truth().Write}}
	for _, file := range files {
		if err := wholefile.Write(filepath.Join(dir, file.name), 0o666, file.write); err != nil {
			return err
		}
	}
	truth := plan.Truth()
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
