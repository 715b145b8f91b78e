package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/spf13/cobra"
)

const evaluateHelp = `Evaluate compares findings with what is known to be true of the days.

FINDINGS are files of reportgen detect --format json; - is standard input. What counts is
whether an entity has a finding of a rule at medium or above. A finding is right where
truth.json lists the entity as planted for the rule. P@k is the precision of a rule's first
k entities by score, k being as many as are planted, or the number that -k gives. False
alarms are entities that are planted for no rule at all; with --hosts, the number of hosts
and clients of the days, their share of all benign ones is told.

evaluate worlds measures the detections themselves, and needs no files.`

// newEvaluateCommand is reportgen evaluate: findings against the truth.
func newEvaluateCommand() *cobra.Command {
	var truthPath string
	var hosts, k int
	c := &cobra.Command{
		Use:     "evaluate --truth truth.json FINDINGS...",
		Short:   "Measure precision, recall and F1 of findings per rule",
		Long:    evaluateHelp,
		Example: "  reportgen detect --baseline data.parquet --test test.parquet --format json | reportgen evaluate --truth truth.json -",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if truthPath == "" {
				return errors.New("evaluate needs --truth, the truth.json of the days")
			}
			if k < 0 {
				return fmt.Errorf("-k %d is below 0", k)
			}
			known, err := readTruth(truthPath)
			if err != nil {
				return err
			}
			var findings []detect.Finding
			for _, path := range args {
				fs, err := readFindings(path, cmd.InOrStdin())
				if err != nil {
					return err
				}
				findings = append(findings, fs...)
			}
			return writeEvaluation(cmd.OutOrStdout(), evaluate(known, findings, k), hosts)
		},
	}
	c.Flags().StringVar(&truthPath, "truth", "", "`file` that says what was planted, as reportgen synth writes it")
	c.Flags().IntVar(&hosts, "hosts", 0, "`number` of internal hosts and external clients of the days, planted ones included")
	c.Flags().IntVarP(&k, "top", "k", 0, "`number` of a rule's first entities whose precision is told (default as many as are planted)")
	c.AddCommand(newEvaluateWorldsCommand())
	return c
}

func readTruth(path string) (knownTruth, error) {
	var t knownTruth
	b, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return t, fmt.Errorf("%s is not a truth.json as reportgen synth writes it: %w", path, err)
	}
	for i, p := range t.Planted {
		if _, err := netip.ParseAddr(p.Entity); err != nil || p.Rule == "" {
			return t, fmt.Errorf("%s: planted[%d] needs a rule and an address as entity, and has %q and %q", path, i, p.Rule, p.Entity)
		}
	}
	return t, nil
}

// readFindings reads findings as reportgen detect --format json writes them.
func readFindings(path string, stdin io.Reader) (findings []detect.Finding, err error) {
	r := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var f detect.Finding
		err := dec.Decode(&f)
		if errors.Is(err, io.EOF) {
			return findings, nil
		}
		if err == nil && (f.Rule == "" || !f.Entity.IsValid() || !f.Severity.Known()) {
			err = errors.New("rule, entity or severity is missing or unknown")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: finding %d: %w; give a file of reportgen detect --format json", path, n, err)
		}
		findings = append(findings, f)
	}
}

func writeEvaluation(w io.Writer, e evaluation, hosts int) error {
	t := newTable(w)
	fmt.Fprintln(t, "RULE\tPLANTED\tFOUND\tWRONG\tPRECISION\tRECALL\tF1\tP@K")
	for _, s := range e.rules {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", s.rule, s.planted, s.found, s.wrong,
			s.precision(), s.recall(), s.f1(), s.atK())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, m := range e.missed {
		fmt.Fprintf(w, "missed: %s %s\n", m.Rule, m.Entity)
	}
	for _, a := range e.falseAlarms {
		fmt.Fprintf(w, "false alarm: %s %s %s\n", a.Rule, a.Entity, cmp.Or(a.kind, "ordinary"))
	}
	wrong := e.alarmed()
	_, err := fmt.Fprintf(w, "benign entities with a false alarm: %d%s\n", wrong, rate(wrong, hosts-e.planted))
	return err
}

// rate writes the share of n in all benign entities where that is known.
func rate(n, benign int) string {
	if benign <= 0 {
		return ""
	}
	return fmt.Sprintf(" of %d (%.2f %%)", benign, 100*float64(n)/float64(benign))
}
