package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/evaluation"
	"github.com/flowbook/flowbook/reportgen/internal/findings"
	"github.com/flowbook/flowbook/reportgen/internal/usage"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

const evaluateHelp = `Evaluate compares findings with the hosts that are known to be compromised.

FINDINGS are files that reportgen detect --format json wrote; - is standard input. An entity
counts if it has a finding of a rule at medium or above. The finding is right if truth.json
lists the entity as planted for that rule. P@k is the precision among a rule's k entities
with the highest scores; k is the number of planted entities unless -k sets it. A false
alarm is an entity with findings that is not planted for any rule. With --hosts, evaluate
also prints false alarms as a share of all benign hosts and clients.

Evaluate worlds measures the detections themselves and needs no files.`

// newEvaluateCommand returns reportgen evaluate, which compares findings with the truth.
func newEvaluateCommand() *cobra.Command {
	var truthPath string
	var hosts, k int
	c := &cobra.Command{
		Use:     "evaluate --truth FILE FINDINGS...",
		Short:   "Measure precision, recall and F1 of findings per rule",
		Long:    evaluateHelp,
		Example: "  reportgen detect --baseline data.parquet --test test.parquet --format json | reportgen evaluate --truth truth.json -",
		Args:    usage.AtLeastOne("FINDINGS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil && len(usage.Similar(cmd, args[0])) > 0 {
				return usage.UnknownCommand(cmd, args[0])
			}
			if truthPath == "" {
				return errors.New("missing --truth, the truth.json of the days")
			}
			if k < 0 {
				return fmt.Errorf("-k %d: must not be negative", k)
			}
			truth, err := evaluation.ReadTruth(truthPath)
			if err != nil {
				return err
			}
			var found []detect.Finding
			for _, path := range args {
				day, err := findings.ReadFile(path, cmd.InOrStdin())
				if err != nil {
					return err
				}
				found = append(found, day.Findings...)
			}
			return evaluation.Compare(truth, found, k).WriteTable(console.Writer(cmd.OutOrStdout()), hosts)
		},
	}
	c.Flags().StringVar(&truthPath, "truth", "", "`FILE` truth.json that lists the planted hosts, as reportgen synth writes it")
	c.Flags().IntVar(&hosts, "hosts", 0, "`NUMBER` number of internal hosts and external clients in the days, including the planted ones")
	c.Flags().IntVarP(&k, "top", "k", 0, "`NUMBER` k of P@k: how many of a rule's entities count (0 = as many as are planted)")
	c.AddCommand(newEvaluateWorldsCommand())
	return c
}

const evaluateWorldsHelp = `Evaluate worlds measures the detections and writes the results as Markdown.

It generates twenty synthetic organisations with 20,000 to a million flows a day and 20 to
500 hosts, and attacks each at strengths from loud to faint. With --real it also measures
labelled recordings of real networks in a folder, beside RITA's score and, with
--msticpy, the periodogram detector of msticpy. The result lists every miss and false alarm.`

// newEvaluateWorldsCommand returns reportgen evaluate worlds, which measures the detections.
func newEvaluateWorldsCommand() *cobra.Command {
	var out string
	var opt evaluation.Options
	var python string
	c := &cobra.Command{
		Use:     "worlds [-o FILE]",
		Short:   "Measure the detections on synthetic and real days",
		Long:    evaluateWorldsHelp,
		Example: "  reportgen evaluate worlds --real ../shared/data -o testdata/evaluation.md",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out != "" {
				if err := wholefile.CheckOutput(out, wholefile.Text); err != nil {
					return fmt.Errorf("-o: %w", err)
				}
			}
			opt.Progress = func(text string) { consoleOf(cmd).Infof("%s", text) }
			if opt.Captures != "" {
				if _, err := os.ReadDir(opt.Captures); err != nil {
					return fmt.Errorf("--real: %w", err)
				}
			}
			if python != "" {
				if _, err := exec.LookPath(python); err != nil {
					return fmt.Errorf("--msticpy: %w", err)
				}
				opt.Peer = &evaluation.Periodogram{Python: python}
			}
			var text bytes.Buffer
			if err := evaluation.WriteReport(cmd.Context(), &text, opt); err != nil {
				return err
			}
			if out == "" {
				_, err := cmd.OutOrStdout().Write(text.Bytes())
				return err
			}
			return wholefile.WriteBytes(out, text.Bytes(), 0o666)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`FILE` Markdown file to write (default: standard output)")
	c.Flags().StringVar(&opt.Captures, "real", "", "`FOLDER` labelled recordings of real networks")
	c.Flags().IntVar(&opt.MaxFlows, "most", 0, "`NUMBER` leave out organisations with more flows a day (0 = none)")
	c.Flags().StringSliceVar(&opt.Parts, "parts", nil, "`PARTS` parts to measure: "+strings.Join(evaluation.Parts(), ", ")+" (default: all)")
	c.Flags().StringVar(&python, "msticpy", "", "`INTERPRETER` Python with msticpy, to compare with on recordings")
	return c
}
