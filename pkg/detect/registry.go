package detect

import (
	"cmp"
	"maps"
	"slices"
)

// Outcome is what every rule gives.
type Outcome struct {
	Thresholds []Threshold // the limits that the rule learned
	Findings   []Finding   // most severe first
	Coverage   Coverage    `json:"-"` // whether the rule ran, and what it could not see
	Signals    Signals     `json:"-"` // of all that was compared, limit reached or not
	Detail     any         `json:"-"` // the rule's own result, such as an ExfiltrationResult
}

func (o Outcome) outcome() Outcome { return o }

// outcomer is the result of a rule: a struct that embeds an Outcome.
type outcomer interface{ outcome() Outcome }

// registered holds the rules by id.
var registered = map[string]func(c *Context, k float64) outcomer{}

// register adds a rule, which judges at a sensitivity of k. A rule is a file
// of this package that calls register, and a file rules/ID.yaml that says what
// the rule looks for.
//
// Findings need no Rule, and no Attack if they show all techniques of the rule.
func register[R outcomer](id string, run func(c *Context, k float64) R) string {
	registered[id] = func(c *Context, k float64) outcomer { return run(c, k) }
	return id
}

// Run runs one rule at a sensitivity; 0 means that of the input. It panics if
// there is no such rule.
func (c *Context) Run(id string, sensitivity float64) Outcome {
	r := c.run(id, sensitivity)
	o := r.outcome()
	o.Detail = r
	o.Coverage.Rule = id
	return o
}

type runKey struct {
	id string
	k  float64
}

func (c *Context) run(id string, k float64) outcomer {
	key := runKey{id, cmp.Or(k, c.sensitivity())}
	if r, ok := c.runs[key]; ok {
		return r
	}
	r := registered[id](c, key.k)
	rule, _ := RuleOf(id)
	o := r.outcome()
	for i := range o.Findings {
		f := &o.Findings[i]
		f.Rule = id
		if f.Attack == nil {
			f.Attack = rule.Attack
		}
		f.History = &History{Days: o.Coverage.Days, Hosts: o.Coverage.Hosts}
		if len(c.past) == 0 && id != RuleExternalAutomation && id != RuleThreatIntel {
			f.capped(High) // nothing says that it is new
		}
	}
	if !c.isPast {
		c.dated(o.Findings)
	}
	c.runs[key] = r
	return r
}

// resultOf runs one rule on an input.
func resultOf[R outcomer](in Input, id string) R { return NewContext(in).run(id, 0).(R) }

// ruleIDs returns the ids of the rules; sorted.
func ruleIDs() []string { return slices.Sorted(maps.Keys(registered)) }

// All runs every rule.
func All(in Input) Result {
	c := NewContext(in)
	outcomes := map[string]Outcome{}
	var findings []Finding
	for _, id := range ruleIDs() {
		outcomes[id] = c.Run(id, 0)
		findings = append(findings, outcomes[id].Findings...)
	}
	r := Combine(append(findings, c.Resolved(findings)...))
	r.Outcomes = outcomes
	return r
}

// Combine makes a result of the findings of several rules: it lowers those of
// host-anomaly that another rule explains, joins those that belong together to
// campaigns, raises what lists of indicators name, and sums findings by device.
func Combine(findings []Finding) Result {
	findings = listed(explained(findings))
	r := Result{Devices: Devices(findings), Findings: joined(findings)}
	sortFindings(r.Findings)
	return r
}
