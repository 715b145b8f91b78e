package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/spf13/cobra"
)

const evaluateHelp = `Evaluate compares findings with what is known to be true of the days.

FINDINGS are files of reportgen detect --format json; - is standard input. What counts is
whether an entity has a finding of a rule at medium or above. A finding is right where
truth.json lists the entity as planted for the rule. False alarms are entities that are
planted for no rule at all; with --hosts, the number of hosts and clients of the days,
their share of all benign ones is told.`

// newEvaluateCommand is reportgen evaluate: findings against the truth.
func newEvaluateCommand() *cobra.Command {
	var truthPath string
	var hosts int
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
			known, err := readTruth(truthPath)
			if err != nil {
				return err
			}
			alerts := map[ruling]bool{}
			for _, path := range args {
				if err := readAlerts(path, cmd.InOrStdin(), alerts); err != nil {
					return err
				}
			}
			return writeEvaluation(cmd.OutOrStdout(), evaluate(known, alerts), hosts)
		},
	}
	c.Flags().StringVar(&truthPath, "truth", "", "`file` that says what was planted, as reportgen synth writes it")
	c.Flags().IntVar(&hosts, "hosts", 0, "`number` of internal hosts and external clients of the days, planted ones included")
	return c
}

// ruling is a rule and an entity that it holds against.
type ruling struct{ Rule, Entity string }

// knownTruth is the part of truth.json that an evaluation needs.
type knownTruth struct {
	Planted []struct {
		Rule   string `json:"rule"`
		Entity string `json:"entity"`
	} `json:"planted"`
	Benign []struct {
		Entity string `json:"entity"`
		Kind   string `json:"kind"`
	} `json:"benign"`
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

// readAlerts adds the findings at medium or above to alerts.
func readAlerts(path string, stdin io.Reader, alerts map[ruling]bool) error {
	r := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		r = f
	}
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var f detect.Finding
		err := dec.Decode(&f)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && (f.Rule == "" || f.Entity == "" || !f.Severity.Known()) {
			err = errors.New("rule, entity or severity is missing or unknown")
		}
		if err != nil {
			return fmt.Errorf("%s: finding %d: %w; give a file of reportgen detect --format json", path, n, err)
		}
		if f.Severity.Alert() {
			alerts[ruling{f.Rule, f.Entity}] = true
		}
	}
}

// evaluation is the outcome of one comparison.
type evaluation struct {
	rules       []ruleScore
	missed      []ruling
	falseAlarms []falseAlarm
	planted     int // distinct entities
}

// ruleScore counts entities of one rule.
type ruleScore struct {
	rule                      string
	planted, found, wrong     int
	precision, recall, f1     float64
	noPrecision, noneExpected bool // there is nothing to divide by
}

type falseAlarm struct {
	ruling
	kind string // of benign look-alike; empty for an ordinary host
}

func evaluate(t knownTruth, alerts map[ruling]bool) evaluation {
	planted, anyRule := map[ruling]bool{}, map[string]bool{}
	rules := map[string]*ruleScore{}
	score := func(rule string) *ruleScore {
		if rules[rule] == nil {
			rules[rule] = &ruleScore{rule: rule}
		}
		return rules[rule]
	}
	for _, p := range t.Planted {
		planted[ruling{p.Rule, p.Entity}], anyRule[p.Entity] = true, true
	}
	kinds := map[string]string{}
	for _, b := range t.Benign {
		kinds[b.Entity] = b.Kind
	}
	e := evaluation{planted: len(anyRule)}
	for p := range planted {
		score(p.Rule).planted++
		if alerts[p] {
			score(p.Rule).found++
		} else {
			e.missed = append(e.missed, p)
		}
	}
	for a := range alerts {
		if !planted[a] {
			score(a.Rule).wrong++
		}
		if !anyRule[a.Entity] {
			e.falseAlarms = append(e.falseAlarms, falseAlarm{a, kinds[a.Entity]})
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		e.rules = append(e.rules, rules[rule].rated())
	}
	slices.SortFunc(e.missed, ruling.compare)
	slices.SortFunc(e.falseAlarms, func(a, b falseAlarm) int { return a.ruling.compare(b.ruling) })
	return e
}

func (r ruling) compare(o ruling) int {
	a, _ := netip.ParseAddr(r.Entity)
	b, _ := netip.ParseAddr(o.Entity)
	return cmp.Or(cmp.Compare(r.Rule, o.Rule), a.Compare(b), cmp.Compare(r.Entity, o.Entity))
}

// rated fills in the quotients.
func (s ruleScore) rated() ruleScore {
	s.noPrecision, s.noneExpected = s.found+s.wrong == 0, s.planted == 0
	if !s.noPrecision {
		s.precision = float64(s.found) / float64(s.found+s.wrong)
	}
	if !s.noneExpected {
		s.recall = float64(s.found) / float64(s.planted)
	}
	if s.found > 0 {
		s.f1 = 2 * s.precision * s.recall / (s.precision + s.recall)
	}
	return s
}

func writeEvaluation(w io.Writer, e evaluation, hosts int) error {
	t := newTable(w)
	fmt.Fprintln(t, "RULE\tPLANTED\tFOUND\tWRONG\tPRECISION\tRECALL\tF1")
	quotient := func(q float64, none bool) string {
		if none {
			return "-"
		}
		return fmt.Sprintf("%.3f", q)
	}
	for _, s := range e.rules {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%s\t%s\n", s.rule, s.planted, s.found, s.wrong, quotient(s.precision, s.noPrecision),
			quotient(s.recall, s.noneExpected), quotient(s.f1, s.noPrecision || s.noneExpected))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, m := range e.missed {
		fmt.Fprintf(w, "missed: %s %s\n", m.Rule, m.Entity)
	}
	entities := map[string]bool{}
	for _, a := range e.falseAlarms {
		entities[a.Entity] = true
		fmt.Fprintf(w, "false alarm: %s %s %s\n", a.Rule, a.Entity, cmp.Or(a.kind, "ordinary"))
	}
	_, err := fmt.Fprintf(w, "benign entities with a false alarm: %d%s\n", len(entities), rate(len(entities), hosts-e.planted))
	return err
}

// rate writes the share of n in all benign entities where that is known.
func rate(n, benign int) string {
	if benign <= 0 {
		return ""
	}
	return fmt.Sprintf(" of %d (%.2f %%)", benign, 100*float64(n)/float64(benign))
}
