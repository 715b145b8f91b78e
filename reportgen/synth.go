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
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
)

const synthHelp = `Synth makes three days of flows of an organisation that does not exist, in which it
is known who was compromised:

  data.parquet      a normal day
  test.parquet      another day, with everything that a detection should find
  servers.parquet   external clients of the public servers, some of them programs
  country.mmdb      countries of the addresses in them
  asn.mmdb          owners of the addresses in them
  truth.json        what was planted, and what only looks suspicious

The same options give the same bytes.`

// newSynthCommand is reportgen synth: sample days with known compromised hosts.
func newSynthCommand() *cobra.Command {
	var dir string
	var opt synth.Options
	c := &cobra.Command{
		Use:   "synth -o DIR",
		Short: "Make sample days with known compromised hosts",
		Long:  synthHelp,
		Example: `  reportgen synth -o days
  reportgen synth -o small --flows 50000 --hosts 60 --seed 7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return errors.New("synth needs -o, the folder to write to")
			}
			return writeSample(cmd.Context(), dir, opt, cmd.ErrOrStderr())
		},
	}
	flags := c.Flags()
	flags.StringVarP(&dir, "output", "o", "", "`folder` to write to; it is made if need be")
	flags.Uint64Var(&opt.Seed, "seed", synth.DefaultSeed, "`number` from 1 on that everything is drawn from; another gives other days")
	flags.IntVar(&opt.Flows, "flows", synth.DefaultFlows, fmt.Sprintf("about how many flows a day has, from %d to %d", synth.MinFlows, synth.MaxFlows))
	flags.IntVar(&opt.Hosts, "hosts", synth.DefaultHosts, fmt.Sprintf("hosts of the organisation, from %d to %d", synth.MinHosts, synth.MaxHosts))
	flags.Float64Var(&opt.Strength, "strength", 1, "`factor` on what is planted: bytes of uploads, flows of the rest")
	return c
}

// writeSample writes the files of a sample one after the other. Each appears
// whole or not at all.
func writeSample(ctx context.Context, dir string, opt synth.Options, stderr io.Writer) error {
	plan, err := synth.New(opt)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("making the folder of the sample: %w", err)
	}
	days := []struct {
		name  string
		flows iter.Seq[flow.Record]
	}{{"data.parquet", plan.Data()}, {"test.parquet", plan.Test()}, {"servers.parquet", plan.Servers()}}
	for _, day := range days {
		n, err := writeFlows(ctx, filepath.Join(dir, day.name), day.flows)
		if err != nil {
			return err
		}
		fmt.Fprintf(stderr, "%s: %s flows\n", day.name, humanize.Comma(n))
	}
	files := []struct {
		name  string
		write func(io.Writer) error
	}{{"country.mmdb", plan.WriteCountryDB}, {"asn.mmdb", plan.WriteOwnerDB}, {"truth.json", plan.Truth().Write}}
	for _, file := range files {
		if err := writeWhole(filepath.Join(dir, file.name), file.write); err != nil {
			return err
		}
	}
	truth := plan.Truth()
	fmt.Fprintf(stderr, "truth.json: %d planted, %d benign look-alikes\n", len(truth.Planted), len(truth.Benign))
	return nil
}

// writeFlows writes a flow file and returns how many flows it has.
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

// writeWhole writes a file that appears whole or not at all.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o666))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if err := write(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.CloseAtomicallyReplace()
}
