package evaluation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
	"golang.org/x/sync/errgroup"
)

// variant is a network unlike those that synth draws, as a change of its
// flows. Planted behaviour stays, except for its addresses.
type variant struct {
	name     string
	internal string                                     // the organisation's networks, if not private ones
	move     func(netip.Addr) netip.Addr                // another address for one inside; nil leaves all
	baseline func(host uint64, flow uint64) (times int) // how often a harmless flow is there on the baseline day; nil means once
	test     func(host uint64, flow uint64) (times int) // the same of the test day
	noOwners bool                                       // no owner database is at hand
	extra    func(hosts []netip.Addr) additions         // harmless flows besides
}

// variants are what other networks and days are like.
func variants() []variant {
	thin := func(hosts, flows uint64) func(uint64, uint64) int {
		return func(host, flow uint64) int {
			if host%hosts == 0 && flow%flows == 0 {
				return 1
			}
			return 0
		}
	}
	return []variant{
		{name: "as drawn"},
		{name: "IPv6 inside", move: moveHosts(func(b [4]byte) netip.Addr {
			return netip.AddrFrom16([16]byte{0: 0xfd, 14: b[2], 15: b[3]})
		})},
		{name: "public addresses inside", internal: "141.30.0.0/16", move: moveHosts(func(b [4]byte) netip.Addr {
			return netip.AddrFrom4([4]byte{141, 30, b[2], b[3]})
		})},
		{name: "each host in a network of its own", move: moveHosts(func(b [4]byte) netip.Addr {
			return netip.AddrFrom4([4]byte{10, b[2], b[3], 7})
		})},
		{name: "four hosts behind each address", move: moveHosts(func(b [4]byte) netip.Addr {
			if isSampleServer(b) {
				return netip.AddrFrom4(b)
			}
			return netip.AddrFrom4([4]byte{b[0], b[1], b[2], b[3] &^ 3})
		})},
		{name: "no servers inside", move: moveHosts(func(b [4]byte) netip.Addr {
			if isSampleServer(b) {
				return netip.AddrFrom4([4]byte{45, 90, 28, b[3]})
			}
			return netip.AddrFrom4(b)
		})},
		{name: "no owner database", noOwners: true},
		{name: "half of the hosts new", baseline: thin(2, 1)},
		{name: "a weekend as baseline", baseline: thin(2, 3)},
		{name: "a weekend under test", test: thin(2, 3)},
		{name: "twice the traffic under test", test: func(uint64, uint64) int { return 2 }},
		{name: "one flow in five sampled, harmless ones", baseline: thin(1, 5), test: thin(1, 5)},
		{name: "a backup rolled out to every third host", extra: rollOut},
		{name: "video calls by half of the hosts", extra: videoCalls},
		{name: "cameras, one replaced, and a monitor", extra: machines},
		{name: "a large update of every host", extra: updates},
	}
}

// isSampleServer says whether an address is a server's in the plans of synth.
func isSampleServer(b [4]byte) bool {
	return b[2] == 100 && (b[3] == 225 || b[3] == 230 || b[3] == 234 || b[3] == 239)
}

// moveHosts gives the hosts of a plan other addresses.
func moveHosts(to func([4]byte) netip.Addr) func(netip.Addr) netip.Addr {
	return func(a netip.Addr) netip.Addr {
		if b := a.As16(); a.Is4() && b[12] == 192 && b[13] == 168 {
			return to(a.As4())
		}
		return a
	}
}

// day yields a plan's day as the variant has it. Harmless flows of a host are
// kept or dropped by a hash of the flow, so that both days of a plan keep the
// same hosts.
func (v variant) day(flows iter.Seq[flow.Record], times func(host, flow uint64) int, planted map[[2]netip.Addr]bool) iter.Seq[flow.Record] {
	return func(yield func(flow.Record) bool) {
		for r := range flows {
			n := 1
			if times != nil && !planted[[2]netip.Addr{r.Src, r.Dst}] {
				host := mix(uint64(r.Src.As16()[15]) + uint64(r.Src.As16()[14])<<8)
				n = times(host, mix(host^uint64(r.Time)<<20^uint64(r.Up)<<1^uint64(r.Down)))
			}
			if v.move != nil {
				r.Src, r.Dst = v.move(r.Src), v.move(r.Dst)
			}
			for range n {
				if !yield(r) {
					return
				}
				r.Time = min(r.Time+37*flow.Minute, flow.Day-1) // a copy comes later
			}
		}
	}
}

// mix spreads the bits of x as SplitMix64 does.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return (x ^ x>>31) >> 1
}

// variantOutcome is how detections did on some worlds of a variant.
type variantOutcome struct {
	name   string
	worlds []worldOutcome
}

// variantWorlds are the worlds that every variant is measured on. Their seeds
// are not those of worldsUpTo.
func variantWorlds() []world {
	return []world{{101, 50_000, 60}, {102, 100_000, 200}, {103, 200_000, 60}, {104, 200_000, 200}}
}

func measureVariants(ctx context.Context, progress func(string)) ([]variantOutcome, error) {
	all, ws := variants(), variantWorlds()
	outcomes := make([]variantOutcome, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, v := range all {
		outcomes[i] = variantOutcome{v.name, make([]worldOutcome, len(ws))}
		for j, w := range ws {
			g.Go(func() (err error) {
				if err := ctx.Err(); err != nil {
					return err
				}
				outcomes[i].worlds[j], err = v.evaluate(w)
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	progress(fmt.Sprintf("measured %d variants", len(all)))
	return outcomes, nil
}

// evaluate measures the detections on one world of the variant.
func (v variant) evaluate(w world) (o worldOutcome, err error) {
	plan, err := synth.New(synth.Options{Seed: w.seed, Flows: w.flows, Hosts: w.hosts})
	if err != nil {
		return o, err
	}
	in, err := planInput(plan, v)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, in.Geo.Close()) }()
	return judgeWorld(w, 1, in, plan.Truth(), v.move)
}

const variantsIntroduction = `
## Other networks

Worlds with other seeds, changed to resemble other networks and days. The planted activity stays at
strength 1. A weekend has half of the hosts and a third of their flows. Rollouts, updates,
monitoring and calls are harmless.

`

// writeVariants writes the table of the variants as Markdown.
func writeVariants(w io.Writer, variants []variantOutcome) {
	fmt.Fprint(w, variantsIntroduction)
	t := markdownTable{head: []string{"variant", "planted", "found", "wrong", "F1", "benign", "alarmed", "share", "faults"}}
	for _, v := range variants {
		var sum ruleScore
		alarmed, benign := 0, 0
		faults := map[string]int{}
		for _, o := range v.worlds {
			sum.add(sumAll(o))
			alarmed, benign = alarmed+o.alarmed(), benign+o.benign
			for _, m := range o.missed {
				faults["missed "+m.Rule]++
			}
			for _, a := range o.falseAlarms {
				faults["wrong "+a.Rule+" ("+cmp.Or(a.kind, "ordinary")+")"]++
			}
		}
		var list []string
		for _, fault := range slices.Sorted(maps.Keys(faults)) {
			list = append(list, fmt.Sprintf("%d %s", faults[fault], fault))
		}
		t.add(v.name, fmt.Sprint(sum.planted), fmt.Sprint(sum.found), fmt.Sprint(sum.wrong), sum.f1().String(),
			fmt.Sprint(benign), fmt.Sprint(alarmed), percentOf(alarmed, benign), strings.Join(list, "; "))
	}
	t.write(w)
}
