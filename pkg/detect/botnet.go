package detect

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleInternalP2P is the id of the rule of Botnet.
const RuleInternalP2P = "internal-p2p"

var _ = register(RuleInternalP2P, (*Context).botnet)

// PeerPair is the flows from one internal host to another that is not a server.
type PeerPair struct {
	Src   netip.Addr `json:"src_ip"`
	Dst   netip.Addr `json:"dst_ip"`
	Flows int64      `json:"flows"`
	Up    int64      `json:"up_bytes"`
	Down  int64      `json:"down_bytes"`
	Ratio float64    `json:"ratio"` // up ÷ down bytes; 0 if no bytes came down
	Diff  float64    `json:"diff"`  // |ratio − 1|
}

// meshEvidence is the evidence of an internal-p2p finding: hosts that talk to each
// other both ways.
type meshEvidence struct {
	Members []netip.Addr `json:"members"` // sorted
	Peers   []netip.Addr `json:"peers"`   // those that the entity talks with both ways
	Pairs   []PeerPair   `json:"pairs"`   // of the whole mesh, by source and destination
}

// BotnetResult is the meshes of internal hosts.
type BotnetResult struct {
	Pairs  []PeerPair     // of all meshes, by source and destination
	Meshes [][]netip.Addr // of three hosts or more, largest first
	Other  int            // further pairs of hosts that are not servers: one way, uneven or known from the baseline day
	Outcome
}

// leastBalance is the least factor by which up and down may differ in a
// balanced pair. Bytes of a few exchanges differ by as much by chance.
const leastBalance = 1.5

// Botnet finds internal hosts that talk to each other both ways, evenly, and
// did not on the baseline day.
//
// Flows to internal servers are ignored. Up and down bytes are balanced if their
// ratio is closer to 1 than to the median ratio between clients and servers on
// the baseline day, on a logarithmic scale. Two hosts that do so are
// a low finding; three or more that hang together are a mesh. The score grows
// with the members of the mesh and their balance, and shrinks with the share of
// hosts that do the same, on either day: what most hosts do is an application.
// Without internal hosts on the baseline day there is nothing to compare with
// and nothing is found.
func Botnet(in Input) BotnetResult { return resultOf[BotnetResult](in, RuleInternalP2P) }

func (c *Context) botnet(float64) BotnetResult {
	cov := c.ranCoverage()
	if cov.Ran && !c.test.hasBytes() {
		cov = notRun(reasonNoBytes)
	}
	if !cov.Ran {
		return BotnetResult{Outcome: Outcome{Coverage: cov}}
	}
	test, servers := c.test, c.serverRoles()
	limit, learned := balanceLimit(c.peers(), servers)
	before, after := c.pastPeers(), test.peers(servers)

	usual := 0.
	for _, d := range c.similar() {
		both := map[netip.Addr]bool{}
		for p := range d.peers(servers).mutual(limit) {
			for _, a := range p {
				if !c.flaggedOn(d, flag{rule: RuleInternalP2P, entity: a}) {
					both[a] = true
				}
			}
		}
		usual = max(usual, ratio(int64(len(both)), int64(d.internalHosts())))
	}
	fresh := slices.SortedFunc(func(yield func(hostPair) bool) {
		for p := range after.mutual(limit) {
			if !before.has(p) && !yield(p) {
				return
			}
		}
	}, hostPair.compare)

	r := BotnetResult{Outcome: Outcome{Signals: Signals{}, Coverage: cov, Thresholds: []Threshold{
		{Name: "upload/download ratio of a balanced pair", Value: math.Exp(limit), Unit: "ratio", From: learned},
		{Name: "hosts in balanced pairs on the baseline day", Value: usual, Unit: "share",
			From: "share of the internal hosts of the baseline day; it lowers the score"},
	}}}
	inMesh := 0
	for _, members := range components(fresh) {
		mesh := after.among(members, fresh)
		common := max(usual, ratio(int64(len(members)), int64(test.internalHosts())))
		excess := float64(len(members)-1) * (1 - imbalance(mesh)/limit) * (1 - common)
		for _, a := range members {
			r.Signals.note(a, excess)
		}
		if len(members) > 2 {
			r.Meshes = append(r.Meshes, members)
			r.Pairs = append(r.Pairs, mesh...)
			inMesh += len(mesh)
		}
		r.Findings = append(r.Findings, meshFindings(members, mesh, fresh, scoreOf(excess), after, c.before())...)
	}
	slices.SortFunc(r.Pairs, comparePairs)
	sortFindings(r.Findings)
	r.Other = len(after) - inMesh
	return r
}

// meshFindings makes a finding for each member.
func meshFindings(members []netip.Addr, mesh []PeerPair, fresh []hostPair, score float64, all peerTable, before string) []Finding {
	var during span
	for _, p := range mesh {
		during.join(all[[2]netip.Addr{p.Src, p.Dst}].span)
	}
	var fs []Finding
	for _, a := range members {
		m := meshEvidence{Members: members, Pairs: mesh}
		for _, p := range fresh {
			if b, ok := p.other(a); ok {
				m.Peers = append(m.Peers, b)
			}
		}
		slices.SortFunc(m.Peers, netip.Addr.Compare)
		var own profile.Counts
		for _, p := range mesh {
			if p.Src == a {
				own.Add(profile.Counts{Flows: p.Flows, Up: p.Up, Down: p.Down})
			}
		}
		f := Finding{Entity: a, Severity: severityOf(score), Score: score,
			Evidence: m, Window: during.window(),
			Summary: fmt.Sprintf("opened and accepted flows with %s, which is not a server%s: %s, upload/download ratio %.2f",
				m.Peers[0], unlike(before), plural(own.Flows, "flow"), ratio(own.Up, own.Down))}
		if len(members) > 2 {
			f.Summary = fmt.Sprintf("in a mesh of %d internal hosts that are not servers: opened and accepted flows with %d of them%s; %s, upload/download ratio %.2f",
				len(members), len(m.Peers), unlike(before), plural(own.Flows, "flow"), ratio(own.Up, own.Down))
		} else {
			f.capped(Low)
		}
		fs = append(fs, f)
	}
	return fs
}

// unlike continues a sentence with a comparison with the history, if there is one.
func unlike(before string) string {
	if before == "" {
		return ""
	}
	return ", which it did not do " + before
}
