package synth

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Truth is what is known of the sample days. As truth.json it is
//
//	{"seed": 1,
//	 "planted": [{"rule": "beacon", "entity": "192.168.100.7", "peers": ["88.198.1.2"],
//	              "description": "…", "window": [2880000, 8640000]}],
//	 "benign": [{"entity": "192.168.100.9", "kind": "backup", "description": "…"}]}
type Truth struct {
	Seed    uint64    `json:"seed"`
	Planted []Planted `json:"planted"` // what a detection should find
	Benign  []Benign  `json:"benign"`  // what it should not take for an attack
}

// Planted is one compromised entity under one rule.
type Planted struct {
	Rule        string       `json:"rule"`   // the rule's id, such as "exfiltration"
	Entity      netip.Addr   `json:"entity"` // the internal host, or the external client of a servers day
	Peers       []netip.Addr `json:"peers"`  // the addresses that the planted flows go to
	Description string       `json:"description"`
	Window      [2]flow.Time `json:"window"` // first and last planted flow, 1/100 s since midnight
}

// Benign is one entity that does something unusual and harmless.
type Benign struct {
	Entity      netip.Addr `json:"entity"`
	Kind        string     `json:"kind"` // such as "backup"
	Description string     `json:"description"`
}

// Summary says in words how much is planted.
func (p *Plan) Summary() string { return summary(len(p.truth.Planted), len(p.truth.Benign)) }

func summary(planted, benign int) string {
	return fmt.Sprintf("%d planted, %d benign but similar", planted, benign)
}

// encodeTruth writes truth.json: a [Truth] or a [WeeksTruth].
func encodeTruth(w io.Writer, truth any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(truth); err != nil {
		return fmt.Errorf("writing the truth: %w", err)
	}
	return nil
}

// sort orders the truth by rule or kind and then by entity.
func (t *Truth) sort() {
	slices.SortFunc(t.Planted, Planted.compare)
	slices.SortFunc(t.Benign, Benign.compare)
}

func (p Planted) compare(o Planted) int {
	return cmp.Or(cmp.Compare(p.Rule, o.Rule), p.Entity.Compare(o.Entity))
}

func (b Benign) compare(o Benign) int {
	return cmp.Or(cmp.Compare(b.Kind, o.Kind), b.Entity.Compare(o.Entity), cmp.Compare(b.Description, o.Description))
}

// plant adds the flows of a compromised entity to a day, and says so.
func (p *Plan) plant(name dayName, rule, description string, flows []flow.Record) {
	if p.opts.Clean {
		return
	}
	p.truth.Planted = append(p.truth.Planted, plantedOf(rule, description, flows))
	p.extra[name] = append(p.extra[name], flows...)
}

// plantedOf describes the flows of a compromised entity.
func plantedOf(rule, description string, flows []flow.Record) Planted {
	p := Planted{Rule: rule, Entity: flows[0].Src, Description: description, Window: windowOf(flows)}
	for _, f := range flows {
		p.Peers = append(p.Peers, f.Dst)
	}
	slices.SortFunc(p.Peers, netip.Addr.Compare)
	p.Peers = slices.Compact(p.Peers)
	return p
}

// windowOf returns the times of the first and the last flow.
func windowOf(flows []flow.Record) [2]flow.Time {
	w := [2]flow.Time{flow.Day, 0}
	for _, f := range flows {
		w[0], w[1] = min(w[0], f.Time), max(w[1], f.Time)
	}
	return w
}

// harmless notes an entity that only looks suspicious.
func (p *Plan) harmless(entity netip.Addr, kind, description string) {
	p.truth.Benign = append(p.truth.Benign, Benign{Entity: entity, Kind: kind, Description: description})
}

// also adds flows to a day beside those of everyone's preferences.
func (p *Plan) also(name dayName, flows ...flow.Record) {
	p.extra[name] = append(p.extra[name], flows...)
}
