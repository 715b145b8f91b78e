package evaluation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"slices"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// capture is a recording of a real network for which it is known who was
// compromised or who attacked.
type capture struct {
	name   string        // folder and file, such as zeek/comfoo
	inside flow.Networks // the networks of the recorded hosts
	days   []captureDay  // earliest first
	labels []label       // empty if the recording is benign
	before []captureDay  // days of the same network from another recording; the history of days
}

// captureDay is a day of a capture. A recording of at most 24 hours is one day
// whatever its time of day, so that it is not cut at midnight.
type captureDay struct {
	date    time.Time
	records []flow.Record
}

// label is an entity that is known to be compromised or to attack.
type label struct {
	what   string
	entity netip.Addr
	peers  []netip.Addr // the other ends of its malicious flows; empty if the recording does not say
	rules  []string     // ids of the rules that name the behaviour; nil = any but host-anomaly
	days   []int        // days with malicious flows; nil = all
}

// The rules that name what an address outside, or a host that scans, does.
var (
	inboundRules = []string{detect.RuleInboundAttack, detect.RuleExternalAutomation}
	scanRules    = []string{detect.RuleExternalScan, detect.RuleInternalScan}
)

// active says whether the entity is malicious on the i-th day.
func (l label) active(i int) bool { return l.days == nil || slices.Contains(l.days, i) }

// captureSources are the recordings that are looked for in a folder of real
// data, each with its reader.
func captureSources() []func(context.Context, string) ([]capture, error) {
	return []func(context.Context, string) ([]capture, error){
		missingHost, commandChannels, botnet4, binetflows, inboundAttacks, dnsTunnels, benignHosts,
	}
}

// readCaptures reads all recordings in a folder.
func readCaptures(ctx context.Context, dir string) ([]capture, error) {
	var all []capture
	for _, read := range captureSources() {
		cs, err := read(ctx, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, cs...)
	}
	return all, nil
}

// The labelled pair of zeek/missing-host, whose client calls a public server on
// all three days.
var (
	missingClient = netip.MustParseAddr("73.54.23.243")
	missingServer = netip.MustParseAddr("64.225.56.201")
	missingFirst  = time.Date(2024, 4, 19, 0, 0, 0, 0, time.UTC)
)

func missingHost(ctx context.Context, dir string) ([]capture, error) {
	c := capture{name: "zeek/missing-host", inside: flow.Networks{netip.PrefixFrom(missingServer, 32)},
		labels: []label{{what: "beacon of an outside client to a public server", entity: missingClient, peers: []netip.Addr{missingServer}, rules: inboundRules}}}
	var err error
	c.days, err = readDays(ctx, "zeek", 0, filepath.Join(dir, "zeek", "missing-host"))
	// Flows before the first midnight are not a separate day.
	c.days = slices.DeleteFunc(c.days, func(d captureDay) bool { return d.date.Before(missingFirst) })
	return []capture{c}, err
}

// commandChannels is two malware families, each recorded for 24 hours in the
// same small network; each is the other's history.
func commandChannels(ctx context.Context, dir string) ([]capture, error) {
	const what = "command channel over HTTP"
	comfoo := capture{name: "zeek/comfoo", inside: flow.Private,
		labels: []label{{what: what, entity: netip.MustParseAddr("192.168.99.52"), peers: []netip.Addr{netip.MustParseAddr("68.183.138.51")}}}}
	taidoor := capture{name: "zeek/taidoor", inside: flow.Private,
		labels: []label{{what: what, entity: netip.MustParseAddr("192.168.99.51"), peers: []netip.Addr{netip.MustParseAddr("104.248.234.238")}}}}
	var err, err1 error
	comfoo.days, err = readDays(ctx, "zeek", 18*time.Hour+38*time.Minute, filepath.Join(dir, "zeek", "comfoo", "conn.log.gz"))
	taidoor.days, err1 = readDays(ctx, "zeek", 17*time.Hour+12*time.Minute, filepath.Join(dir, "zeek", "taidoor", "conn.log.gz"))
	comfoo.days, taidoor.days = longest(comfoo.days), longest(taidoor.days)
	comfoo.before, taidoor.before = taidoor.days, comfoo.days
	return []capture{comfoo, taidoor}, errors.Join(err, err1)
}

// longest returns the day with the most flows.
func longest(days []captureDay) []captureDay {
	if len(days) == 0 {
		return nil
	}
	return []captureDay{slices.MaxFunc(days, func(a, b captureDay) int { return len(a.records) - len(b.records) })}
}

// botnet4 is eleven days of one host that a peer-to-peer bot infected. Its
// flows are labelled one by one.
func botnet4(ctx context.Context, dir string) ([]capture, error) {
	path := filepath.Join(dir, "zeek", "botnet4", "conn.log.labeled.gz")
	days, err := readDays(ctx, "zeek", 0, path)
	if err != nil {
		return nil, err
	}
	l := label{what: "peer-to-peer bot", entity: netip.MustParseAddr("10.0.2.19"), days: []int{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	l.peers, err = labelledPeers(path, l.entity, "Malicious")
	return []capture{{name: "zeek/botnet4", inside: flow.Private, days: days, labels: []label{l}}}, err
}

// binetflows are small recordings of single infected hosts.
func binetflows(ctx context.Context, dir string) ([]capture, error) {
	addr := netip.MustParseAddr
	var all []capture
	for _, s := range []struct {
		file   string
		inside string
		offset time.Duration // of the day's start from midnight
		labels []label
	}{
		{"test2-malicious", "10.0.0.0/8", 16 * time.Hour, []label{{what: "infected phone", entity: addr("10.8.0.69")}}},
		{"test3-mixed", "147.32.0.0/16", 0, []label{
			{what: "scan of outside clients", entity: addr("46.166.151.160"), rules: inboundRules},
			{what: "scan of outside clients", entity: addr("216.73.23.146"), rules: inboundRules}}},
		{"test4-malicious", "192.168.0.0/16", 0, []label{{what: "peer-to-peer malware", entity: addr("192.168.2.12")}}},
		{"test5-mixed", "10.0.0.0/8", 0, []label{{what: "infected host, generated names and HTTP", entity: addr("10.0.2.15")}}},
		{"test11-portscan", "10.0.0.0/8", 0, []label{{what: "scan of the ports of one outside host", entity: addr("10.8.0.69"), rules: scanRules,
			peers: []netip.Addr{addr("14.1.11.113")}}}},
	} {
		days, err := readDays(ctx, "binetflow", s.offset, filepath.Join(dir, "binetflow", s.file+".binetflow"))
		if err != nil {
			return nil, err
		}
		inside, err := flow.ParseNetworks(s.inside)
		if err != nil {
			return nil, err
		}
		all = append(all, capture{name: "binetflow/" + s.file, inside: inside, days: longest(days), labels: s.labels})
	}
	return all, nil
}

// leastAttackerFlows is how many flows an outside client needs on a day for its
// attack to be expected to be found.
const leastAttackerFlows = 10

// inboundAttacks is two hosts on the open Internet. External clients that
// the recording labels as attackers are labels of the days on which they have ten
// flows or more.
func inboundAttacks(ctx context.Context, dir string) ([]capture, error) {
	var all []capture
	for _, s := range []struct{ file, host string }{{"010", "147.32.83.234"}, {"011", "147.32.83.165"}} {
		path := filepath.Join(dir, "zeek", "inbound", s.file+"-conn.log.labeled.gz")
		days, err := readDays(ctx, "zeek", -2*time.Hour, path) // Europe/Prague in summer
		if err != nil {
			return nil, err
		}
		c := capture{name: "zeek/inbound/" + s.file, inside: flow.Networks{netip.MustParsePrefix("147.32.0.0/16")}, days: days}
		host := netip.MustParseAddr(s.host)
		attackers, err := labelledPeers(path, host, "External-Attack-to-Device")
		if err != nil {
			return nil, err
		}
		for _, a := range attackers {
			l := label{what: "outside attackers with ten flows or more", entity: a, peers: []netip.Addr{host}, rules: inboundRules, days: []int{}}
			for i, d := range days {
				n := 0
				for _, r := range d.records {
					if r.Src == a && r.Dst == host {
						n++
					}
				}
				if n >= leastAttackerFlows {
					l.days = append(l.days, i)
				}
			}
			if len(l.days) > 0 {
				c.labels = append(c.labels, l)
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// benignHosts is recordings without an attack.
func benignHosts(ctx context.Context, dir string) ([]capture, error) {
	days, err := readDays(ctx, "zeek", 0, filepath.Join(dir, "zeek", "benign-17h", "conn.log.labeled.gz"))
	return []capture{{name: "zeek/benign-17h", inside: flow.Private, days: days}}, err
}

// readDays reads logs as days that begin at an offset from midnight UTC.
func readDays(ctx context.Context, format string, offset time.Duration, paths ...string) ([]captureDay, error) {
	f, err := ingest.Lookup(format)
	if err != nil {
		return nil, err
	}
	opt := ingest.Options{Location: time.FixedZone("", -int(offset/time.Second)), LogLocation: time.UTC}
	r, err := ingest.Open(f, paths, opt)
	if err != nil {
		return nil, err
	}
	byDate := map[time.Time]int{}
	var days []captureDay
	for n := 0; ; n++ {
		if n%(1<<14) == 0 && ctx.Err() != nil {
			return nil, errors.Join(ctx.Err(), r.Close())
		}
		f, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		date, err := time.Parse(time.DateOnly, f.Date.String())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("date of a flow: %w", err), r.Close())
		}
		i, ok := byDate[date]
		if !ok {
			i = len(days)
			byDate[date], days = i, append(days, captureDay{date: date})
		}
		days[i].records = append(days[i].records, f.Record)
	}
	slices.SortFunc(days, func(a, b captureDay) int { return a.date.Compare(b.date) })
	return days, nil
}
