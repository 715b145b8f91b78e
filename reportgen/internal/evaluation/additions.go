package evaluation

import (
	"iter"
	"maps"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
)

// additions are harmless flows that a plan lacks: of the baseline day and of the
// day under test.
type additions struct{ data, test []flow.Record }

// planHosts returns the organisation's hosts of both days, sorted.
func planHosts(p *synth.Plan) []netip.Addr {
	hosts := map[netip.Addr]bool{}
	for _, day := range []iter.Seq[flow.Record]{p.Data(), p.Test()} {
		for r := range day {
			if flow.Private.Contains(r.Src) {
				hosts[r.Src] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(hosts), netip.Addr.Compare)
}

// draw is a number from 0 to n-1 that depends on all that is given, in no
// visible way.
func draw(n uint64, of ...uint64) uint64 {
	x := uint64(1)
	for _, v := range of {
		x = mix(x ^ v)
	}
	return x % n
}

// atWork is a time of the working day.
func atWork(of ...uint64) flow.Time { return 8*flow.Hour + flow.Time(draw(uint64(9*flow.Hour), of...)) }

// rollOut has every third host begin to back up to one new address.
func rollOut(hosts []netip.Addr) (e additions) {
	dst := netip.AddrFrom4([4]byte{45, 90, 28, 7})
	for i, h := range hosts {
		for f := range 4 + draw(12, uint64(i)) {
			if i%3 == 0 {
				e.test = append(e.test, flow.Record{Time: atWork(uint64(i), f), Src: h, Dst: dst, Proto: flow.TCP, Port: 443,
					Up: int64(5e6 + draw(60e6, uint64(i), f, 1)), Down: 1e6})
			}
		}
	}
	return e
}

// videoCalls has half of the hosts make calls on each day, not the same ones.
func videoCalls(hosts []netip.Addr) (e additions) {
	call := func(day, i uint64, h netip.Addr) (calls []flow.Record) {
		for c := range 1 + draw(4, day, i) {
			up := 50e6 + draw(600e6, day, i, c)
			calls = append(calls, flow.Record{Time: atWork(day, i, c), Src: h, Dst: netip.AddrFrom4([4]byte{45, 90, 29, byte(draw(8, day, i, c, 1))}),
				Proto: flow.UDP, Port: 8801, Up: int64(up), Down: int64(up - up/4 + draw(up/2, day, i, c, 2))})
		}
		return calls
	}
	for i, h := range hosts {
		if draw(2, 1, uint64(i)) == 0 {
			e.data = append(e.data, call(1, uint64(i), h)...)
		}
		if draw(2, 2, uint64(i)) == 0 {
			e.test = append(e.test, call(2, uint64(i), h)...)
		}
	}
	return e
}

// machines adds ten cameras that send what they see to one address, one of them
// replaced on the day under test, and a monitor that asks each host how it is.
func machines(hosts []netip.Addr) (e additions) {
	camera := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 168, 250, byte(10 + i)}) }
	day := func(first int) (flows []flow.Record) {
		for i := range 10 {
			for t := flow.Time(0); t < flow.Day; t += 5 * flow.Minute {
				flows = append(flows, flow.Record{Time: t + flow.Time(draw(900, uint64(i), uint64(t))), Src: camera(first + i),
					Dst: netip.AddrFrom4([4]byte{45, 90, 30, 1}), Proto: flow.TCP, Port: 443, Up: int64(4e6 + draw(1e6, uint64(i), uint64(t))), Down: 40_000})
			}
		}
		for i, h := range hosts {
			for t := flow.Time(draw(uint64(flow.Minute), uint64(i))); t < flow.Day; t += flow.Hour {
				flows = append(flows, flow.Record{Time: t, Src: camera(-5), Dst: h, Proto: flow.UDP, Port: 161, Up: 300, Down: 900})
			}
		}
		return flows
	}
	return additions{data: day(0), test: day(1)}
}

// updates has every host fetch a large update on the day under test.
func updates(hosts []netip.Addr) (e additions) {
	for i, h := range hosts {
		for part := range uint64(4) {
			down := int64(200e6 + draw(300e6, uint64(i), part))
			e.test = append(e.test, flow.Record{Time: atWork(uint64(i), part), Src: h, Dst: netip.AddrFrom4([4]byte{45, 90, 31, byte(part)}),
				Proto: flow.TCP, Port: 443, Up: down / 60, Down: down})
		}
	}
	return e
}
