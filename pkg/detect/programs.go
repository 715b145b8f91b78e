package detect

import (
	"cmp"
	"net/netip"
	"slices"
)

// learnedCalls is what the history teaches about calls.
type learnedCalls struct {
	usual userRhythms
	paces map[program][]pace
}

// pace is the mean gap in seconds between calls to an address.
type pace struct {
	dst netip.Addr
	gap float64
}

// calledService is where a program calls.
type calledService struct {
	party
	proto string
	port  uint16
}

// program identifies a program of a host as far as flows allow.
type program struct {
	src netip.Addr
	calledService
}

func (c Call) service() calledService { return calledService{c.party, c.Proto, c.Port} }

func (c Call) program() program { return program{c.Src, c.service()} }

// learnCalls learns how even the calls of users are. What is judged are calls to addresses
// that no other host contacts and none contacted before, so the users' rhythms are those
// of such calls on past days, if there are enough. The others are mostly those of programs,
// and of the many hosts that use a service.
func (c *Context) learnCalls(k float64) learnedCalls {
	r := learnedCalls{paces: map[program][]pace{}}
	var all, fresh rhythms
	for _, d := range c.peers() {
		for _, call := range d.calls() {
			all.add(call)
		}
	}
	for _, d := range c.recent(c.past) { // programs run on weekends too
		for _, call := range d.calls() {
			if beyondChance(call.cv, call.calls, k) >= 1 && !c.flaggedOn(d, flag{RuleBeacon, call.conv.Src, call.conv.Dst}) {
				p := d.call(call).program()
				r.paces[p] = append(r.paces[p], pace{call.conv.Dst, call.gap})
			}
			to := c.memory().destinations[call.conv.Dst]
			if d.index > 0 && to != nil && to.day == d.index && d.contacted()[call.conv.Dst] == 1 {
				fresh.add(call)
			}
		}
	}
	r.usual = all.ofUsers(k)
	if usual := fresh.ofUsers(k); usual.n >= leastUserRhythms {
		r.usual, r.usual.fresh = usual, true
	}
	return r
}

// rhythms is the coefficients of variation of calls, and how many calls they are of.
type rhythms struct {
	cvs   []float64
	calls []int64
}

func (r *rhythms) add(call dayCall) {
	r.cvs, r.calls = append(r.cvs, call.cv), append(r.calls, call.calls)
}

func (r *rhythms) ofUsers(k float64) userRhythms { return userRhythmsOf(r.cvs, r.calls, k) }

// moved says whether the host called another address of the same owner at the same pace
// before.
func (r learnedCalls) moved(c Call) bool {
	for _, p := range r.paces[c.program()] {
		if p.dst != c.Dst && within(p.gap, c.Gap, samePace) {
			return true
		}
	}
	return false
}

// Calls of two hosts are those of one program if their periods and their requests
// differ by these factors at most: a program takes its period from its maker, and
// its requests differ by the names that they carry.
const (
	samePeriod  = 1.25
	sameRequest = 1.5
)

// sharedBy counts the other hosts that run the program of a call, on any day: they
// make calls of the same period and size to other addresses of the same owner on the
// same port. Push services and mail give each host an address of its own, and another
// one on the next day. The calls of the other hosts count even if they were alerts: the
// first hosts with such a program are.
func (c *Context) sharedBy(call Call, k float64) int {
	hosts := map[netip.Addr]bool{}
	up := ratio(call.Up, call.Flows)
	of := c.programsByService()[call.service()]
	first, _ := slices.BinarySearchFunc(of, call.Gap/samePeriod, func(p hostProgram, gap float64) int { return cmp.Compare(p.gap, gap) })
	for i := first; i < len(of) && of[i].gap <= samePeriod*call.Gap; i++ {
		p := &of[i]
		if within(p.request, up, sameRequest) && p.src != call.Src && p.dst != call.Dst && (p.name == call.Name || p.name == "" || call.Name == "") &&
			beyondChance(p.cv, p.calls, k) >= 1 {
			hosts[p.src] = true
		}
	}
	return len(hosts)
}

// within says whether a and b differ by a factor at most.
func within(a, b, factor float64) bool { return a <= factor*b && b <= factor*a }

// hostProgram is what the calls of a host have in common with those of other hosts that
// run the same program.
type hostProgram struct {
	gap, request, cv float64 // request in bytes
	calls            int64
	src, dst         netip.Addr
	name             string
}

// programsByService lists the calls of all days by where they go, in the order of their gaps.
func (c *Context) programsByService() map[calledService][]hostProgram {
	return c.programs.get(func() map[calledService][]hostProgram {
		all := map[calledService][]hostProgram{}
		for _, d := range append(slices.Clone(c.recent(c.past)), c.test) {
			for _, call := range d.calls() {
				conv := call.conv
				s := calledService{d.party(conv.Dst), conv.Proto.String(), conv.Port}
				all[s] = append(all[s], hostProgram{call.gap, ratio(conv.Up, conv.Flows), call.cv, call.calls, conv.Src, conv.Dst, call.name})
			}
		}
		for _, of := range all {
			slices.SortFunc(of, func(a, b hostProgram) int { return cmp.Compare(a.gap, b.gap) })
		}
		return all
	})
}
