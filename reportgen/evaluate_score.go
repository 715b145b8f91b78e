package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
)

// ruling is a rule and an entity that it holds against.
type ruling struct{ Rule, Entity string }

func (r ruling) compare(o ruling) int {
	a, _ := netip.ParseAddr(r.Entity)
	b, _ := netip.ParseAddr(o.Entity)
	return cmp.Or(cmp.Compare(r.Rule, o.Rule), a.Compare(b), cmp.Compare(r.Entity, o.Entity))
}

// knownTruth is the part of truth.json that an evaluation needs.
type knownTruth struct {
	Planted []plantedHost `json:"planted"`
	Benign  []benignHost  `json:"benign"`
}

type plantedHost struct {
	Rule   string `json:"rule"`
	Entity string `json:"entity"`
}

type benignHost struct {
	Entity string `json:"entity"`
	Kind   string `json:"kind"`
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
	rule                  string
	planted, found, wrong int
	k, hits               int // the first k entities by score, and those planted among them
}

type falseAlarm struct {
	ruling
	kind string // of benign look-alike; empty for an ordinary host
}

// evaluate compares findings with the truth. The precision at k is that of
// each rule's first k entities, or of as many as are planted where k is 0.
func evaluate(t knownTruth, findings []detect.Finding, k int) evaluation {
	planted, anyRule := map[ruling]bool{}, map[string]bool{}
	rules := map[string]*ruleScore{}
	score := func(rule string) *ruleScore {
		if rules[rule] == nil {
			rules[rule] = &ruleScore{rule: rule}
		}
		return rules[rule]
	}
	for _, p := range t.Planted {
		planted[ruling(p)], anyRule[p.Entity] = true, true
	}
	kinds := map[string]string{}
	for _, b := range t.Benign {
		kinds[b.Entity] = b.Kind
	}
	alerts, ranked := alertsOf(findings)
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
		// Nothing is planted for what no rule names: all that is planted is right.
		if !planted[a] && !(a.Rule == detect.RuleHostAnomaly && anyRule[a.Entity]) {
			score(a.Rule).wrong++
		}
		if !anyRule[a.Entity] {
			e.falseAlarms = append(e.falseAlarms, falseAlarm{a, kinds[a.Entity]})
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		s := rules[rule]
		s.k = cmp.Or(k, s.planted)
		for _, entity := range ranked[rule][:min(s.k, len(ranked[rule]))] {
			if planted[ruling{rule, entity}] {
				s.hits++
			}
		}
		e.rules = append(e.rules, *s)
	}
	slices.SortFunc(e.missed, ruling.compare)
	slices.SortFunc(e.falseAlarms, func(a, b falseAlarm) int { return a.ruling.compare(b.ruling) })
	return e
}

// alertsOf returns what findings hold against whom at medium or above, and the
// entities of each rule at any severity, highest score first.
func alertsOf(findings []detect.Finding) (alerts map[ruling]bool, ranked map[string][]string) {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b detect.Finding) int {
		return cmp.Or(b.Severity.Compare(a.Severity), cmp.Compare(b.Score, a.Score), a.Entity.Compare(b.Entity))
	})
	alerts, ranked = map[ruling]bool{}, map[string][]string{}
	for _, f := range sorted {
		if f.Severity.Alert() {
			alerts[ruling{f.Rule, f.Entity.String()}] = true
		}
		if entity := f.Entity.String(); !slices.Contains(ranked[f.Rule], entity) {
			ranked[f.Rule] = append(ranked[f.Rule], entity)
		}
	}
	return alerts, ranked
}

// alarmed counts the benign entities with a false alarm.
func (e evaluation) alarmed() int {
	entities := map[string]bool{}
	for _, a := range e.falseAlarms {
		entities[a.Entity] = true
	}
	return len(entities)
}

// add adds the counts of another day.
func (s *ruleScore) add(o ruleScore) {
	s.planted += o.planted
	s.found += o.found
	s.wrong += o.wrong
	s.k += o.k
	s.hits += o.hits
}

func (s ruleScore) precision() quotient { return quotient{s.found, s.found + s.wrong} }
func (s ruleScore) recall() quotient    { return quotient{s.found, s.planted} }
func (s ruleScore) atK() quotient       { return quotient{s.hits, s.k} }

// f1 is the harmonic mean of precision and recall.
func (s ruleScore) f1() quotient {
	if s.planted == 0 || s.found+s.wrong == 0 {
		return quotient{}
	}
	return quotient{2 * s.found, s.planted + s.found + s.wrong}
}

// quotient is a part of a whole; of nothing there is no part.
type quotient struct{ part, whole int }

func (q quotient) String() string {
	if q.whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", float64(q.part)/float64(q.whole))
}
