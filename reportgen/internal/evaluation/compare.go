package evaluation

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
)

// ruleEntity is an entity that is planted for a rule, or has an alert of it.
type ruleEntity struct{ Rule, Entity string }

func (r ruleEntity) compare(o ruleEntity) int {
	a, _ := netip.ParseAddr(r.Entity)
	b, _ := netip.ParseAddr(o.Entity)
	return cmp.Or(cmp.Compare(r.Rule, o.Rule), a.Compare(b), cmp.Compare(r.Entity, o.Entity))
}

// Truth is the part of truth.json that a comparison needs.
type Truth struct {
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

// Comparison is the result of comparing findings with the truth.
type Comparison struct {
	rules       []ruleScore
	missed      []ruleEntity
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
	ruleEntity
	kind string // of benign look-alike; empty for any other host
}

// Compare compares findings with the truth. The precision at k is that of each
// rule's k entities with the highest scores, or of as many as are planted if k is 0.
func Compare(t Truth, findings []detect.Finding, k int) Comparison {
	planted, anyRule := map[ruleEntity]bool{}, map[string]bool{}
	rules := map[string]*ruleScore{}
	score := func(rule string) *ruleScore {
		if rules[rule] == nil {
			rules[rule] = &ruleScore{rule: rule}
		}
		return rules[rule]
	}
	for _, p := range t.Planted {
		planted[ruleEntity(p)], anyRule[p.Entity] = true, true
	}
	kinds := map[string]string{}
	for _, b := range t.Benign {
		kinds[b.Entity] = b.Kind
	}
	alerts, ranked := alertsOf(findings)
	e := Comparison{planted: len(anyRule)}
	for p := range planted {
		score(p.Rule).planted++
		if alerts[p] {
			score(p.Rule).found++
		} else {
			e.missed = append(e.missed, p)
		}
	}
	for a := range alerts {
		// Nothing is planted for host-anomaly: any planted host is right.
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
			if planted[ruleEntity{rule, entity}] {
				s.hits++
			}
		}
		e.rules = append(e.rules, *s)
	}
	slices.SortFunc(e.missed, ruleEntity.compare)
	slices.SortFunc(e.falseAlarms, func(a, b falseAlarm) int { return a.ruleEntity.compare(b.ruleEntity) })
	return e
}

// alertsOf returns the findings that are alerts (medium or above), and the
// entities of each rule at any severity, highest score first.
func alertsOf(findings []detect.Finding) (alerts map[ruleEntity]bool, ranked map[string][]string) {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b detect.Finding) int {
		return cmp.Or(b.Severity.Compare(a.Severity), cmp.Compare(b.Score, a.Score), a.Entity.Compare(b.Entity))
	})
	alerts, ranked = map[ruleEntity]bool{}, map[string][]string{}
	for _, f := range sorted {
		for _, part := range partsOf(f) {
			entity := part.Entity.String()
			if part.Severity.Alert() {
				alerts[ruleEntity{part.Rule, entity}] = true
			}
			if !slices.Contains(ranked[part.Rule], entity) {
				ranked[part.Rule] = append(ranked[part.Rule], entity)
			}
		}
	}
	return alerts, ranked
}

// alarmed counts the benign entities with a false alarm.
func (e Comparison) alarmed() int {
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

// fraction is a part of a whole. It is undefined if the whole is 0.
type quotient struct{ part, whole int }

func (q quotient) String() string {
	if q.whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", float64(q.part)/float64(q.whole))
}

// partsOf returns the findings that a campaign joins. Of a finding that was read
// from a file only the members are known.
func partsOf(f detect.Finding) []detect.Finding {
	parts := f.Parts()
	if len(parts) > 1 || len(f.Members) == 0 {
		return parts
	}
	parts = nil
	for _, a := range f.Members {
		part := f
		part.Entity, part.Members = a, nil
		parts = append(parts, part)
	}
	return parts
}

// fraction formats it as "2 of 3".
func (q quotient) fraction() string {
	if q.whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", q.part, q.whole)
}
