// Package synth generates sample days of network flows with known compromised
// hosts.
//
// [New] draws a [Plan] from a seed: the hosts of an organisation and their
// preferences, the addresses they visit, and planted behaviour. From it come three
// days, each a sequence of flows in order of time:
//
//   - [Plan.Data], a normal day of the organisation's hosts,
//   - [Plan.Test], another day of the same hosts, a few new ones among them,
//     with everything that a detection should find,
//   - [Plan.Servers], external clients of the organisation's public servers,
//     some of them programs.
//
// [Plan.Truth] says what was planted and, as important, what only looks
// suspicious: a nightly backup, video calls, software updates. The addresses
// are in prefixes of real networks, and [Plan.WriteCountryDB] and
// [Plan.WriteOwnerDB] write MMDB files that cover them.
//
// A day has the shape that real days of an office have: users work in
// sessions of a few pages each (preferences.go), at hours and with a lunch break of
// their own (hosts.go), on sites of their own liking (preferences.go); bytes are
// log-normal, and download over upload is near 9.25 on port 443 and 2.3 for
// DNS. Every host and purpose draws from a random stream of its own (rng.go),
// so that what one does never changes another. The same options give the same
// bytes.
//
// # Weeks
//
// [NewWeeks] draws an organisation over many days, each with [Weeks.Day],
// with a truth a day ([Weeks.Truth]): working days and weekends, hosts that come
// and go, jobs of the night, the week and the month, services that are rolled
// out, traffic that grows slowly, and attacks that begin on a day and go on,
// move to another destination or stop. One attack of a kind is on one host.
//
// Nothing in it is taken from the constants of a detection. Its habits come from
//
//   - the coursework's sample for a working day of users: hours,
//     countries, the share of DNS, bytes of flows and their ratio, as above;
//   - recordings of real networks for how flows spread: three to six flows a
//     conversation, a quarter of the flows to pairs that are seen once or twice;
//   - the calendar: patches on the second Tuesday of a month, full backups on
//     Saturday, payments on Friday and on the last working day of a month;
//   - published settings of common programs for their periods: NTP polls about
//     each 64 minutes at rest (RFC 5905), agents report each half hour or hour;
//     command channels call each minute to half hour with a jitter of up to
//     30 %, as command-and-control frameworks are configured by default or in
//     published reports;
//   - assumptions for what has no public figure, each a constant with its name:
//     who is there on a weekend, how many devices come in a year, how many
//     hosts are machines, how fast traffic grows.
package synth

import (
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/flow"
)

// The bounds of Options, and their defaults.
const (
	DefaultSeed  = 1
	DefaultFlows = 1_000_000
	DefaultHosts = 200

	MinFlows = 10_000
	MaxFlows = 50_000_000
	MinHosts = 20
	MaxHosts = 5_000
)

// Options say what to draw. The zero value is a day of about a million flows
// and 200 hosts.
type Options struct {
	Seed     uint64  // 0 means DefaultSeed
	Flows    int     // about how many flows a day has; 0 means DefaultFlows
	Hosts    int     // hosts on the test day, servers not counted; 0 means DefaultHosts
	Strength float64 // multiplies what is planted, bytes or flows; 0 means 1
	Clean    bool    // plant nothing; all else stays the same
}

// normal fills in the defaults and refuses what cannot be drawn.
func (o Options) normal() (Options, error) {
	o.Seed = cmp.Or(o.Seed, DefaultSeed)
	o.Flows = cmp.Or(o.Flows, DefaultFlows)
	o.Hosts = cmp.Or(o.Hosts, DefaultHosts)
	o.Strength = cmp.Or(o.Strength, 1)
	if !(o.Strength > 0 && o.Strength <= 100) {
		return o, fmt.Errorf("strength %v: must be above 0 and at most 100", o.Strength)
	}
	return o, cmp.Or(inRange("flows", o.Flows, MinFlows, MaxFlows), inRange("hosts", o.Hosts, MinHosts, MaxHosts))
}

// inRange returns an error that names the option if its value is outside a range.
func inRange(option string, value, least, most int) error {
	if value < least || value > most {
		return fmt.Errorf("%s %d: must be from %d to %d", option, value, least, most)
	}
	return nil
}

// Plan is an organisation and its sample days. It does not change after New,
// and is safe for concurrent use.
type Plan struct {
	opts    Options
	pool    *pool
	hosts   []*host
	clients []*client
	extra   map[dayName][]flow.Record // flows of roles, beside everyone's preferences
	truth   Truth
}

// dayName names a day; it is part of the labels of a day's random streams.
type dayName string

const (
	dataDay    dayName = "data"
	testDay    dayName = "test"
	serversDay dayName = "servers"
)

// New draws a plan. It is an error if the options are out of bounds.
func New(o Options) (*Plan, error) {
	o, err := o.normal()
	if err != nil {
		return nil, err
	}
	p := &Plan{opts: o, extra: map[dayName][]flow.Record{}, truth: Truth{Seed: o.Seed}}
	p.pool = newPool(p.stream("pool"))
	p.hosts = p.newHosts()
	p.clients = p.newClients()
	p.castRoles()
	p.truth.sort()
	return p, nil
}

// Data yields the normal day in order of time.
func (p *Plan) Data() iter.Seq[flow.Record] { return p.day(dataDay, p.officeDay) }

// Test yields the day under test in order of time.
func (p *Plan) Test() iter.Seq[flow.Record] { return p.day(testDay, p.officeDay) }

// Servers yields the external clients' day in order of time.
func (p *Plan) Servers() iter.Seq[flow.Record] { return p.day(serversDay, p.clientDay) }

// Truth says what was planted and what only looks so.
func (p *Plan) Truth() Truth { return p.truth }

// day makes a day when it is first asked for an element: a million flows take
// about 80 MB.
func (p *Plan) day(name dayName, people func(*day)) iter.Seq[flow.Record] {
	return func(yield func(flow.Record) bool) {
		d := &day{name: name, records: make([]flow.Record, 0, p.opts.Flows+p.opts.Flows/8)}
		people(d)
		d.records = append(d.records, p.extra[name]...)
		slices.SortFunc(d.records, flow.Compare)
		for _, r := range d.records {
			if !yield(r) {
				return
			}
		}
	}
}

// day collects the flows of a day, in any order.
type day struct {
	name    dayName
	records []flow.Record
}

func (d *day) add(r flow.Record) { d.records = append(d.records, r) }

// scaled is a number of flows that is n on a day of a million, and fewer on a
// smaller day, but never below what it takes to be seen at all.
func (p *Plan) scaled(n, atLeast float64) int {
	return int(max(atLeast, n*float64(p.opts.Flows)/DefaultFlows))
}

// planted is scaled by strength too, and is never nothing.
func (p *Plan) planted(n, atLeast float64) int {
	return max(1, int(float64(p.scaled(n, atLeast))*p.opts.Strength))
}

// The organisation's servers.
var (
	dnsServers    = [2]netip.Addr{netip.AddrFrom4([4]byte{192, 168, 100, 225}), netip.AddrFrom4([4]byte{192, 168, 100, 234})}
	webServer     = netip.AddrFrom4([4]byte{192, 168, 100, 239})
	mailServer    = netip.AddrFrom4([4]byte{192, 168, 100, 230})
	publicServers = [4]netip.Addr{
		netip.AddrFrom4([4]byte{200, 0, 0, 11}), netip.AddrFrom4([4]byte{200, 0, 0, 12}),
		netip.AddrFrom4([4]byte{200, 0, 0, 25}), netip.AddrFrom4([4]byte{200, 0, 0, 53}),
	}
)
