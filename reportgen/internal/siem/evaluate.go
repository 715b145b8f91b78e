package siem

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/units"
)

// match is the evidence of a finding of a rule that is evaluated here.
type match struct {
	Src            string         `json:"src_ip,omitempty"` // of the group, where it is grouped by
	Dst            string         `json:"dst_ip,omitempty"` // likewise; else the address with most bytes
	Group          []pair         `json:"group"`            // the fields grouped by, in the rule's order
	Value          float64        `json:"value"`            // what the condition compares
	Baseline       float64        `json:"baseline"`         // the same on the baseline day, 0 if it was not there
	profile.Counts                // of the conversations that match
	Largest        []conversation `json:"largest"` // those with most bytes, most first
}

// pair is a field and its value.
type pair struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// conversation is one conversation of a match.
type conversation struct {
	Src   string `json:"src_ip"`
	Dst   string `json:"dst_ip"`
	Proto string `json:"proto"`
	Port  uint16 `json:"port"`
	profile.Counts
}

// largestKept is how many conversations a match shows.
const largestKept = 10

// group is what one group of a rule's matches amounts to.
type group struct {
	key      []string
	counts   profile.Counts
	sum      float64
	distinct map[string]bool
	rules    map[*Rule]bool
	first    flow.Time
	last     flow.Time
	largest  []*profile.Conversation
}

// query is a rule made ready: which conversations, grouped by what, and when.
type query struct {
	rule    *Rule
	of      []*Rule // rules that select the conversations
	groupBy []string
	kind    string // type of correlation
	limit   limit
}

func (s *Set) query(r *Rule) (query, error) {
	q := query{rule: r, of: []*Rule{r}, groupBy: []string{"src_ip"}, kind: "event_count"}
	if c := r.Correlation; c != nil {
		q.of, q.groupBy, q.kind = nil, c.GroupBy, c.Type
		for _, key := range c.Rules {
			of, ok := s.Rule(key)
			if !ok {
				return q, fmt.Errorf("rule %s: there is no rule %q", r.key(), key)
			}
			q.of = append(q.of, of)
		}
		var err error
		if q.limit, err = c.limit(); err != nil {
			return q, err
		}
	}
	return q, nil
}

// run groups the matching conversations of a day; groups are in order of key.
func (q query) run(day *profile.Profile, at *places) []*group {
	groups := map[string]*group{}
	for i := range day.Conversations {
		e := event{&day.Conversations[i], at}
		for _, of := range q.of {
			if of.matches(&e) {
				q.add(groups, &e, of)
			}
		}
	}
	var list []*group
	for _, g := range groups {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int { return slices.Compare(a.key, b.key) })
	return list
}

func (q query) add(groups map[string]*group, e *event, of *Rule) {
	var key []string
	for _, f := range q.groupBy {
		key = append(key, textOf(eventFields[f](e)))
	}
	id := strings.Join(key, "\x00")
	g, ok := groups[id]
	if !ok {
		g = &group{key: key, first: e.First, last: e.Last, distinct: map[string]bool{}, rules: map[*Rule]bool{}}
		groups[id] = g
	}
	g.rules[of] = true
	// A conversation that several of the rules match counts once.
	if n := len(g.largest); n > 0 && g.largest[n-1] == e.Conversation {
		return
	}
	if q.limit.field != "" {
		switch v := eventFields[q.limit.field](e).(type) {
		case float64:
			g.sum += v
			g.distinct[textOf(v)] = true
		default:
			g.distinct[textOf(v)] = true
		}
	}
	g.counts.Add(e.Counts)
	g.first, g.last = min(g.first, e.First), max(g.last, e.Last)
	g.largest = append(g.largest, e.Conversation)
}

// value is what the condition compares.
func (q query) value(g *group) float64 {
	switch q.kind {
	case "value_count":
		return float64(len(g.distinct))
	case "value_sum":
		return g.sum
	case "value_avg":
		return g.sum / float64(max(g.counts.Flows, 1))
	case "temporal":
		return float64(len(g.rules))
	}
	return float64(g.counts.Flows)
}

// evaluate returns the findings of a rule that names no detection.
func (s *Set) evaluate(r *Rule, in detect.Input, at *places) ([]detect.Finding, error) {
	q, err := s.query(r)
	if err != nil {
		return nil, err
	}
	day, before := in.Test, in.Baseline
	if r.service(q.of) == "servers" {
		day, before = in.Servers, nil
	}
	if day == nil {
		return nil, nil
	}
	usual := map[string]float64{}
	if b := r.Flowbook.Baseline; b != nil && before != nil {
		for _, g := range q.run(before, at) {
			usual[strings.Join(g.key, "\x00")] = q.value(g)
		}
	}
	var findings []detect.Finding
	for _, g := range q.run(day, at) {
		old, known := usual[strings.Join(g.key, "\x00")]
		v := q.value(g)
		if !q.limit.holds(v) || q.kind == "temporal" && len(g.rules) < len(q.of) {
			continue
		}
		if b := r.Flowbook.Baseline; b != nil && (b.New && known || v < b.Times*old) {
			continue
		}
		findings = append(findings, q.finding(g, v, old))
	}
	return findings, nil
}

// service is the service that the selecting rules read.
func (r *Rule) service(of []*Rule) string {
	return cmp.Or(r.LogSource.Service, of[0].LogSource.Service)
}

func (q query) finding(g *group, value, old float64) detect.Finding {
	m := match{Value: value, Baseline: old, Counts: g.counts}
	slices.SortStableFunc(g.largest, func(a, b *profile.Conversation) int { return cmp.Compare(b.Bytes(), a.Bytes()) })
	for _, c := range g.largest[:min(len(g.largest), largestKept)] {
		m.Largest = append(m.Largest, conversation{c.Src.String(), c.Dst.String(), c.Proto.String(), c.Port, c.Counts})
	}
	for i, f := range q.groupBy {
		m.Group = append(m.Group, pair{f, g.key[i]})
		switch f {
		case "src_ip":
			m.Src = g.key[i]
		case "dst_ip":
			m.Dst = g.key[i]
		}
	}
	entity, _ := netip.ParseAddr(cmp.Or(m.Src, m.Dst)) // rules group by one of them
	if m.Dst == "" {
		m.Dst = m.Largest[0].Dst
	}
	return detect.Finding{Rule: q.rule.key(), Entity: entity, Severity: q.rule.levelSeverity(), Score: q.score(value),
		Attack: q.rule.attack(), Summary: q.summary(g, value, m.Dst), Evidence: m, Window: [2]flow.Time{g.first, g.last}}
}

// score is 1 − 2^(−value ÷ limit), as that of detections: ½ at the limit. Where
// the condition sets no lower limit it is ½.
func (q query) score(value float64) float64 {
	excess := 1.
	if (q.limit.op == "gte" || q.limit.op == "gt") && q.limit.value > 0 {
		excess = value / q.limit.value
	}
	return math.Round(1000*(1-math.Exp2(-excess))) / 1000
}

func (q query) summary(g *group, value float64, dst string) string {
	s := fmt.Sprintf("%s: %s flows, %s up and %s down, most with %s", q.rule.Title, humanize.Comma(g.counts.Flows),
		units.Bytes(g.counts.Up), units.Bytes(g.counts.Down), dst)
	if q.limit.op != "" {
		s += fmt.Sprintf("; %s is %s, limit %s", strings.TrimSpace(q.kind+" "+q.limit.field), humanize.CommafWithDigits(value, 2), q.limit)
	}
	return s
}
