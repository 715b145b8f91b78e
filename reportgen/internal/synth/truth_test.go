package synth

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
)

// days are the three days of a plan, collected.
func days(p *Plan) map[dayName][]flow.Record {
	return map[dayName][]flow.Record{dataDay: collect(p.Data()), testDay: collect(p.Test()), serversDay: collect(p.Servers())}
}

// from are the flows of a source, to any of some destinations or to all.
func from(flows []flow.Record, src netip.Addr, dsts ...netip.Addr) []flow.Record {
	var found []flow.Record
	for _, r := range flows {
		if r.Src == src && (len(dsts) == 0 || slices.Contains(dsts, r.Dst)) {
			found = append(found, r)
		}
	}
	return found
}

func bytesOf(flows []flow.Record) (up, down float64) {
	for _, r := range flows {
		up += float64(r.Up)
		down += float64(r.Down)
	}
	return up, down
}

// rules are how many entities of each rule a full cast has, and how many flows
// each makes at least.
var rules = map[string]struct{ entities, flows int }{
	"exfiltration":        {3, 5},
	"new-country":         {2, 30},
	"internal-p2p":        {3, 12},
	"dns-c2":              {4, 60},
	"beacon":              {1, 100},
	"internal-scan":       {1, 100},
	"external-automation": {3, 80},
}

func TestPlantedIsThere(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		p := newPlan(t, Options{Flows: 50_000, Seed: seed})
		flows := days(p)
		entities := map[string]int{}
		for _, x := range p.Truth().Planted {
			entities[x.Rule]++
			on, before := flows[testDay], from(flows[dataDay], x.Entity, x.Peers...)
			if x.Rule == "external-automation" {
				on = flows[serversDay]
			}
			found := from(on, x.Entity, x.Peers...)
			if len(found) < rules[x.Rule].flows {
				t.Errorf("seed %d: %s: %s makes %d flows only", seed, x.Rule, x.Entity, len(found))
				continue
			}
			checkPlanted(t, x, found, before, on)
			inWindow := slices.DeleteFunc(found, func(r flow.Record) bool { return r.Time < x.Window[0] || r.Time > x.Window[1] })
			if len(inWindow) < rules[x.Rule].flows || inWindow[0].Time != x.Window[0] && x.Rule != "dns-c2" && x.Rule != "exfiltration" {
				t.Errorf("seed %d: %s: the window of %s is not that of its flows", seed, x.Rule, x.Entity)
			}
		}
		for rule, want := range rules {
			if entities[rule] < want.entities {
				t.Errorf("seed %d: %d entities of %s, want at least %d", seed, entities[rule], rule, want.entities)
			}
		}
	}
}

// checkPlanted checks the reason for each finding: found are the entity's flows
// to the planted addresses, before those of the normal day, all those of the
// day of everyone.
func checkPlanted(t *testing.T, x Planted, found, before, all []flow.Record) {
	t.Helper()
	up, down := bytesOf(found)
	switch x.Rule {
	case "exfiltration":
		// Far above what an ordinary host uploads in all.
		usual, _ := bytesOf(before)
		if up < 100e6 || up < 10*usual || up < 10*down {
			t.Errorf("%s uploads %.0f bytes, receives %.0f, and uploaded %.0f on the normal day", x.Entity, up, down, usual)
		}
		return
	case "internal-p2p":
		if up < 0.8*down || up > 1.25*down {
			t.Errorf("the mesh of %s sends %.0f bytes and receives %.0f", x.Entity, up, down)
		}
	case "internal-scan":
		if down != 0 {
			t.Errorf("the scan of %s is answered", x.Entity)
		}
	case "dns-c2":
		if x.Peers[0].IsPrivate() {
			if len(found) < 3*len(before) {
				t.Errorf("%s makes %d requests, and %d on the normal day", x.Entity, len(found), len(before))
			}
			return
		}
	case "beacon":
		var times []flow.Time
		for _, r := range found {
			times = append(times, r.Time)
		}
		if cv := variation(times); cv > 0.1 {
			t.Errorf("the beacon of %s varies by %.2f", x.Entity, cv)
		}
		for _, r := range all {
			if r.Dst == x.Peers[0] && r.Src != x.Entity {
				t.Errorf("%s calls %s too", r.Src, r.Dst)
			}
		}
	}
	if len(before) != 0 {
		t.Errorf("%s: %s talked to its peers %d times on the normal day", x.Rule, x.Entity, len(before))
	}
}

func TestBenignIsThere(t *testing.T) {
	p := newPlan(t, Options{Flows: 50_000})
	flows := days(p)
	kinds := map[string]int{}
	for _, b := range p.Truth().Benign {
		kinds[b.Kind]++
		before, after := from(flows[dataDay], b.Entity), from(flows[testDay], b.Entity)
		up0, down0 := bytesOf(before)
		up1, down1 := bytesOf(after)
		ok := true
		switch b.Kind {
		case "new-host":
			ok = len(before) == 0 && len(after) > 10
		case "backup":
			ok = up0 > 1e9 && up1 > 1e9
		case "downloads":
			ok = down0 > 2e9 && down1 > down0 && up1 < down1/50
		case "video-calls":
			ok = up0 > 2e8 && up0 > down0/2 && up1 > 2e8 && up1 > down1/2
		case "telemetry", "heavy-dns", "public-dns", "foreign-habit":
			ok = len(before) > 25 && len(after) > 25
		case "odd-country", "software-update":
			ok = len(before) > 0 && len(after) > 0
		case "large-upload":
			ok = up1 > 600_000 && len(before) > 0
		case "monitoring", "busy-client", "shared-client":
			ok = len(from(flows[serversDay], b.Entity)) > 90
		default:
			t.Errorf("a kind without a test: %s", b.Kind)
		}
		if !ok {
			t.Errorf("%s, %s: %d flows, %.0f bytes up, %.0f down before; %d, %.0f, %.0f after", b.Kind, b.Entity, len(before), up0, down0, len(after), up1, down1)
		}
	}
	for kind, want := range map[string]int{
		"new-host": 3, "backup": 1, "downloads": 1, "video-calls": 1, "telemetry": 1, "heavy-dns": 1, "public-dns": 1,
		"foreign-habit": 1, "odd-country": 10, "software-update": 20, "large-upload": 1, "monitoring": 1, "busy-client": 1, "shared-client": 1,
	} {
		if kinds[kind] < want {
			t.Errorf("%d entities of %s, want %d", kinds[kind], kind, want)
		}
	}
}

// TestHabitsLast checks that a foreign habit is not shared by other users, and the same on
// both days.
func TestHabitsLast(t *testing.T) {
	p := newPlan(t, Options{Flows: 50_000})
	country := openCountry(t, p)
	who := map[netip.Addr]map[dayName]int{}
	for name, flows := range days(p) {
		for _, r := range flows {
			if country(r.Dst) != foreignCountry {
				continue
			}
			if who[r.Src] == nil {
				who[r.Src] = map[dayName]int{}
			}
			who[r.Src][name]++
		}
	}
	if len(who) != 1 {
		t.Fatalf("%d hosts go to %s", len(who), foreignCountry)
	}
	for a, n := range who {
		if n[dataDay] < 20 || n[testDay] < 20 {
			t.Errorf("%s goes there %v times", a, n)
		}
	}
}
