package evaluation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"runtime"
	"slices"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
	"golang.org/x/sync/errgroup"
)

// world is a synthetic organisation to measure detections on.
type world struct {
	seed         uint64
	flows, hosts int
}

// worldsUpTo returns those of the twenty worlds with at most so many
// flows a day; 0 means all.
func worldsUpTo(most int) []world {
	sizes := []struct {
		flows int
		hosts []int
	}{
		{20_000, []int{20, 60, 200, 500}}, {50_000, []int{20, 60, 200, 500}}, {100_000, []int{20, 60, 200, 500}},
		{200_000, []int{20, 60, 200, 500}}, {500_000, []int{60, 200, 500}}, {1_000_000, []int{200}},
	}
	var ws []world
	seed := uint64(0)
	for _, s := range sizes {
		for _, hosts := range s.hosts {
			seed++
			if most == 0 || s.flows <= most {
				ws = append(ws, world{seed, s.flows, hosts})
			}
		}
	}
	return ws
}

// strengths are the factors by which the planted flows or bytes are
// multiplied, loud to faint.
func strengths() []float64 { return []float64{4, 2, 1, 0.5, 0.25, 0.1} }

// worldOutcome is how detections did on one world at one strength.
type worldOutcome struct {
	world
	strength float64
	benign   int // hosts and clients that are not planted
	hidden   int // findings on the watcher that the allow-list names
	changes  changeRank
	signals  map[ruleEntity]float64 // of planted behaviour; 0 for none of the kind
	Comparison
}

// measureWorlds measures every world at every strength.
func measureWorlds(ctx context.Context, ws []world, strengths []float64, progress func(string)) ([]worldOutcome, error) {
	outcomes := make([]worldOutcome, len(ws)*len(strengths))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	// The largest first, so that none is left over when all others are done.
	for i := len(outcomes) - 1; i >= 0; i-- {
		g.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			outcomes[i], err = measureWorld(ws[i/len(strengths)], strengths[i%len(strengths)])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	progress(fmt.Sprintf("measured %d worlds", len(outcomes)))
	return outcomes, nil
}

func measureWorld(w world, strength float64) (o worldOutcome, err error) {
	plan, err := synth.New(synth.Options{Seed: w.seed, Flows: w.flows, Hosts: w.hosts, Strength: strength})
	if err != nil {
		return o, err
	}
	in, err := planInput(plan, variant{})
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, in.Geo.Close()) }()
	return judgeWorld(w, strength, in, plan.Truth(), nil)
}

// judgeWorld runs the detections and compares with the truth, whose addresses
// are moved where move is given.
func judgeWorld(w world, strength float64, in detect.Input, truth synth.Truth, move func(netip.Addr) netip.Addr) (worldOutcome, error) {
	if move == nil {
		move = func(a netip.Addr) netip.Addr { return a }
	}
	var known Truth
	for _, p := range truth.Planted {
		known.Planted = append(known.Planted, plantedHost{p.Rule, move(p.Entity).String()})
	}
	var wanted detect.AllowList
	for _, b := range truth.Benign {
		known.Benign = append(known.Benign, benignHost{move(b.Entity).String(), b.Kind})
		if b.Kind == "monitoring" {
			wanted = append(wanted, detect.Allowance{Network: netip.PrefixFrom(b.Entity, b.Entity.BitLen())})
		}
	}
	found := detect.All(in)
	shown, hidden := wanted.Apply(found)
	o := worldOutcome{world: w, strength: strength, signals: map[ruleEntity]float64{}, Comparison: Compare(known, shown.Findings, 0),
		changes: rankChanges(found.Outcomes[detect.RuleHostAnomaly].Detail.(detect.AnomalyResult), known)}
	for _, p := range truth.Planted {
		h := move(p.Entity)
		o.signals[ruleEntity{p.Rule, h.String()}] = found.Outcomes[p.Rule].Signals[h]
	}
	for _, n := range hidden {
		o.hidden += n
	}
	o.benign = len(in.Test.Hosts) + len(in.Servers.Hosts) - o.planted
	return o, in.Geo.Err()
}

// planInput makes the days and databases of a plan in memory, as a variant has
// them.
func planInput(p *synth.Plan, v variant) (in detect.Input, err error) {
	open := func(name string, write func(io.Writer) error) (*geo.DB, error) {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			return nil, err
		}
		return geo.OpenBytes(name, b.Bytes())
	}
	country, err := open("country.mmdb", p.WriteCountryDB)
	if err != nil {
		return in, err
	}
	var owner *geo.DB
	if !v.noOwners {
		if owner, err = open("asn.mmdb", p.WriteOwnerDB); err != nil {
			return in, err
		}
	}
	planted := map[[2]netip.Addr]bool{}
	for _, h := range p.Truth().Planted {
		for _, peer := range h.Peers {
			planted[[2]netip.Addr{h.Entity, peer}] = true
		}
	}
	var more additions
	if v.extra != nil {
		more = v.extra(planHosts(p))
	}
	in = detect.Input{
		Baseline: profileOf(v.day(p.Data(), v.baseline, nil), slices.Values(more.data)),
		Test:     profileOf(v.day(p.Test(), v.test, planted), slices.Values(more.test)),
		Servers:  profileOf(p.Servers()),
	}
	if v.internal != "" {
		if in.Internal, err = flow.ParseNetworks(v.internal); err != nil {
			return in, err
		}
	}
	in.Geo, err = geo.New(country, owner)
	return in, err
}

func profileOf(parts ...iter.Seq[flow.Record]) *profile.Profile {
	b := profile.NewBuilder()
	for _, flows := range parts {
		for r := range flows {
			b.Add(r)
		}
	}
	return b.Profile()
}
