package detect

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// RuleExternalAutomation is the id of the rule of Clients.
const RuleExternalAutomation = "external-automation"

var _ = register(RuleExternalAutomation, (*Context).clients)

// Client is an external client of the public servers, and the evidence of an
// external-automation finding.
type Client struct {
	Addr           netip.Addr  `json:"src_ip"`
	Country        geo.Country `json:"country"`
	Owner          geo.Owner   `json:"owner"`
	profile.Counts             // with all public servers
	Servers        int         `json:"servers"`  // distinct destinations
	Ratio          float64     `json:"ratio"`    // up ÷ down bytes; 0 if no bytes came down
	CV             float64     `json:"gap_cv"`   // standard deviation ÷ mean of the gaps between flows; 0 if too few
	Gap            float64     `json:"gap_mean"` // mean gap in seconds
	Coverage       float64     `json:"coverage"` // half hours with flows ÷ half hours from first to last, 0 to 1
	First          flow.Time   `json:"first"`    // 1/100 s
	Last           flow.Time   `json:"last"`     // 1/100 s

	sizes profile.Sizes
}

// ClientsResult is the external clients of the public servers.
type ClientsResult struct {
	Clients  []Client // highest up ÷ down first
	Normal   Client   // the client whose rhythm is nearest the median; zero if there is none
	Rhythmic int      // clients with flows enough to have a rhythm
	Even     int      // of these, those whose gaps are more even than chance makes them
	Outcome
}

// Clients finds external clients of the public servers whose flows keep the
// rhythm of a program.
//
// The value compared is the coefficient of variation of the gaps between a
// client's flows. There is no baseline day for the servers, so the limit is
// learned from the day's own clients, except those whose gaps are more even than
// those of random events: these are programs, and on the open Internet may be the
// majority. A client is reported if its gaps are unusually even compared with
// those of users, and more even than those of random events.
//
// A client that sends the same request at a fixed interval all day is usually a
// monitoring service hired to watch the servers, so it is medium at most.
func Clients(in Input) ClientsResult { return resultOf[ClientsResult](in, RuleExternalAutomation) }

func (c *Context) clients(k float64) ClientsResult {
	r := ClientsResult{Clients: c.servers.clientsOf()}
	r.Signals, r.Coverage = Signals{}, Coverage{Ran: len(r.Clients) > 0}
	if len(r.Clients) == 0 {
		r.Coverage.Reason = reasonNoInbound
	}
	var cvs []float64
	var flows []int64
	for _, client := range r.Clients {
		if client.Flows >= rhythmFlows {
			cvs, flows = append(cvs, client.CV), append(flows, client.Flows)
		}
	}
	usual := userRhythmsOf(cvs, flows, k)
	r.Thresholds = usual.thresholds(k, rhythmFlows, "clients of the day")
	r.Rhythmic, r.Even = len(cvs), usual.programs
	for _, client := range r.Clients {
		if client.Flows < rhythmFlows {
			continue
		}
		excess := usual.evenness(client.CV, client.Flows, k)
		r.Signals.note(client.Addr, excess)
		if excess >= 1 {
			f := client.finding(scoreOf(excess))
			if client.watches() {
				f.capped(Medium)
				f.Summary += "; the same request each time, like a monitoring service"
			}
			if on := c.served(client); on != nil {
				f.Summary += "; it already did so on " + on.name(len(c.past))
				f.capped(Low)
			}
			r.Findings = append(r.Findings, f)
		}
	}
	sortFindings(r.Findings)
	r.Normal = normalClient(r.Clients, -usual.median)
	return r
}

// served returns the first past day on which a client kept its rhythm, if that is one of
// the days that are remembered with their jobs; nil otherwise. A program that was there
// from the start is one that the servers are used by, such as a monitoring service. A few
// days do not show that: it may have begun just before them.
func (c *Context) served(client Client) *day {
	if len(c.past) < warmDays {
		return nil
	}
	for _, d := range c.past[:c.warm()] {
		for _, old := range d.clientsOf() {
			if old.Addr == client.Addr && old.Flows >= rhythmFlows && within(old.Gap, client.Gap, samePeriod) {
				return d
			}
		}
	}
	return nil
}

// clientsOf is clients, computed once.
func (d *day) clientsOf() []Client { return d.clientList.get(d.clients) }

func (c Client) finding(score float64) Finding {
	who := ""
	if c.Owner.Name != "" {
		who = " (" + c.Owner.Name + ")"
	}
	return Finding{Entity: c.Addr, Severity: severityOf(score), Score: score,
		Evidence: c, Window: [2]flow.Time{c.First, c.Last},
		Summary: fmt.Sprintf("opened %s at intervals of %.0f s on average, gaps varying by %.0f %%, in %.0f %% of the half hours from %02d:%02d to %02d:%02d%s",
			plural(c.Flows, "flow"), c.Gap, 100*c.CV, 100*c.Coverage,
			c.First.Hour(), c.First/flow.Minute%60, c.Last.Hour(), c.Last/flow.Minute%60, who)}
}

// What a watcher's flows are like: times as of a clock, in nearly every half
// hour of the day, and requests that differ by less than a program's do that
// looks for something.
const (
	watcherCV       = 0.05
	watcherSlots    = 0.9 // of the day's half hours
	watcherVariance = 0.1 // quartiles of the sizes ÷ their median
)

// watches says whether a client behaves as one that was hired to watch.
func (c Client) watches() bool {
	day := c.Coverage * float64(c.Last/profile.SlotLength-c.First/profile.SlotLength+1) / float64(profile.SlotsPerDay)
	return c.Servers == 1 && c.CV <= watcherCV && day >= watcherSlots && sizesOf(c.sizes).range50() <= watcherVariance
}

// normalClient is the client with enough flows whose rhythm is nearest the
// median; of several, that with most flows.
func normalClient(clients []Client, medianLogCV float64) Client {
	var normal Client
	best := math.Inf(1)
	for _, c := range clients {
		d := math.Abs(logCV(c.CV) - medianLogCV)
		if c.Flows >= rhythmFlows && (d < best || d == best && c.Flows > normal.Flows) {
			normal, best = c, d
		}
	}
	return normal
}

// clients adds up the flows of each external client, highest up ÷ down first.
func (d *day) clients() []Client {
	var clients []Client
	var seconds profile.Seconds
	flush := func() {
		if len(clients) == 0 {
			return
		}
		c := &clients[len(clients)-1]
		c.Ratio = ratio(c.Up, c.Down)
		c.CV, c.Gap = rhythm(seconds, c.Flows)
		if h, ok := d.Host(c.Addr); ok {
			c.Coverage = coverage(h)
		}
		seconds = profile.Seconds{}
	}
	// Conversations are sorted by source and destination.
	var last netip.Addr
	for conv := range d.inward() {
		if n := len(clients); n == 0 || clients[n-1].Addr != conv.Src {
			flush()
			where := d.locations.of(conv.Src)
			clients = append(clients, Client{Addr: conv.Src, Country: where.country, Owner: where.owner, First: conv.First, Last: conv.Last})
			last = netip.Addr{}
		}
		c := &clients[len(clients)-1]
		c.Add(conv.Counts)
		c.First, c.Last = min(c.First, conv.First), max(c.Last, conv.Last)
		if conv.Dst != last {
			c.Servers++
			last = conv.Dst
		}
		seconds = profile.Union(seconds, conv.Seconds)
		c.sizes = profile.AddSizes(c.sizes, conv.Sizes)
	}
	flush()
	slices.SortFunc(clients, func(a, b Client) int {
		return cmp.Or(cmp.Compare(b.Ratio, a.Ratio), cmp.Compare(b.Flows, a.Flows), a.Addr.Compare(b.Addr))
	})
	return clients
}
