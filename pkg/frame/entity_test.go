package frame

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

func dayOf(flows ...flow.Record) *profile.Profile {
	b := profile.NewBuilder()
	for _, f := range flows {
		b.Add(f)
	}
	return b.Profile()
}

func talk(at flow.Time, src, dst string, port uint16, up, down int64) flow.Record {
	return flow.Record{Time: at, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), Proto: flow.TCP, Port: port, Up: up, Down: down}
}

// investigated are a day and the one before, in which 10.0.0.1 is the subject.
func investigated() (test, before *profile.Profile) {
	return dayOf(
			talk(9*flow.Hour, "10.0.0.1", "203.0.113.9", 443, 1000, 50),
			talk(10*flow.Hour, "10.0.0.1", "203.0.113.9", 443, 500, 50),
			talk(11*flow.Hour, "10.0.0.2", "10.0.0.1", 22, 7, 70),
			talk(12*flow.Hour, "10.0.0.2", "203.0.113.9", 443, 9, 9),
			talk(13*flow.Hour, "10.0.0.3", "198.51.100.7", 80, 1, 1)),
		dayOf(talk(9*flow.Hour, "10.0.0.1", "10.0.0.2", 22, 10, 20))
}

func textsOf(t *testing.T, f Frame, name string) string {
	t.Helper()
	all, err := Strings(f, name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " | ")
}

func TestInvestigation(t *testing.T) {
	test, before := investigated()
	e, err := FindEntity("10.0.0.1", nil, flow.Private, Day{"test", test})
	if err != nil || e.Kind != kindHost {
		t.Fatalf("%+v, %v", e, err)
	}
	peers := e.Peers(test, before)
	finding := detect.Finding{Rule: "x", Entity: netip.MustParseAddr("10.0.0.1"), Window: [2]flow.Time{9 * flow.Hour, 10 * flow.Hour}}
	other := detect.Finding{Rule: "y", Entity: netip.MustParseAddr("10.0.0.3")}
	for _, c := range []struct{ what, got, want string }{
		{"overview", textsOf(t, e.Overview(Day{"baseline", before}, Day{"test", test}), "test"), "09:00:00 | 11:00:00 | 3 | 3 | 1.57 kB | 107 B | 2 | 2"},
		{"overview before", textsOf(t, e.Overview(Day{"baseline", before}), "baseline"), "09:00:00 | 09:00:00 | 1 | 1 | 10 B | 20 B | 1 | 1"},
		{"peers", textsOf(t, peers, "peer"), "203.0.113.9 | 10.0.0.2"},
		{"sent to peers", textsOf(t, peers, "up_bytes"), "1500 | 70"},
		{"directions", textsOf(t, peers, "direction"), "opened | accepted"},
		{"new peers", textsOf(t, peers, "new"), "new | "},
		{"without a day before", textsOf(t, e.Peers(test, nil), "new"), " | "},
		{"after a day without flows", textsOf(t, e.Peers(test, dayOf()), "new"), "new | new"},
		{"services", textsOf(t, e.Services(test, before), "service"), "tcp 443 | tcp 22"},
		{"new services", textsOf(t, e.Services(test, before), "new"), "new | new"}, // it offers what it only used before
		{"alike", textsOf(t, e.Alike(test), "entity"), "10.0.0.1 | 10.0.0.2 | 10.0.0.3"},
		{"ranks", textsOf(t, e.Ranks(test, before), "rank"), "1 of 3 | 1 of 3 | 1 of 3 | 1 of 3"},
		{"before", textsOf(t, e.Ranks(test, before), "before"), "1 | 10 B | 20 B | 1"},
		{"no day before", textsOf(t, e.Ranks(test, nil), "before"), "– | – | – | –"},
		{"conversations", textsOf(t, e.Conversations(test), "conversation"), "203.0.113.9 tcp 443 | 10.0.0.2 tcp 22"},
		{"neighbourhood", textsOf(t, e.Neighbourhood(test, 5), "src_ip"), "10.0.0.1 | 10.0.0.2 | 10.0.0.2"},
		{"neighbourhood of one", textsOf(t, e.Neighbourhood(test, 1), "dst_ip"), "203.0.113.9"},
		{"hours of peers", textsOf(t, e.PeerHours(test, 1), "hour"), "9 | 10"},
		{"largest flows", textsOf(t, e.Largest(test, 2), "up_bytes"), "1000 | 500"},
		{"first seen", e.First(Day{"baseline", before}, Day{"test", test}), "the baseline day at 09:00:00"},
		{"never seen", e.First(Day{"baseline", dayOf()}), "none of the days"},
		{"evidence", textsOf(t, e.Evidence(test, []detect.Finding{finding}), "dst_ip"), "203.0.113.9"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if fs := e.Findings([]detect.Finding{finding, other}); len(fs) != 1 || fs[0].Rule != "x" {
		t.Errorf("findings: %v", fs)
	}
	if n := Sum(e.Hours(test), "flows"); n != 3 {
		t.Errorf("%g flows in all hours", n)
	}
}

// TestFindEntity: names are found in any case, and an unknown one names its nearest.
func TestFindEntity(t *testing.T) {
	l, err := geo.Open(testenv.Path(t, "testdata", "country.mmdb"), testenv.Path(t, "testdata", "asn.mmdb"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	google := netip.MustParseAddr("142.250.184.196")
	day := Day{"test", dayOf(talk(1, "192.168.100.35", google.String(), 443, 1, 1), talk(1, "192.168.100.36", "192.168.100.40", 53, 1, 1))}
	owner, country := l.Owner(google), l.Country(google)
	for _, c := range []struct {
		name string
		kind EntityKind
		want string
	}{
		{"192.168.100.35", kindHost, "192.168.100.35"},
		{" ::ffff:192.168.100.35 ", kindHost, "192.168.100.35"},
		{google.String(), kindExternal, google.String()},
		{strings.ToUpper(owner.Name), kindOwner, owner.Name},
		{"as15169", kindOwner, owner.Name},
		{strings.ToLower(country.Code), kindCountry, country.Name},
		{country.Name, kindCountry, country.Name},
	} {
		e, err := FindEntity(c.name, l, flow.Private, day)
		if err != nil || e.Kind != c.kind || e.Name != c.want {
			t.Errorf("%s: got %s %q, %v", c.name, e.Kind, e.Name, err)
		}
		if err == nil && e.Peers(day.Profile, nil).Nrow() == 0 {
			t.Errorf("%s: no peers", c.name)
		}
	}
	for name, near := range map[string]string{"192.168.100.37": "192.168.100.36", "Gogle": owner.Name, "Untied States": country.Name, "2001:db8::1": ""} {
		_, err := FindEntity(name, l, flow.Private, day)
		unknown, ok := errors.AsType[*unknownEntityError](err)
		if !ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if near != "" && (len(unknown.Nearest) == 0 || unknown.Nearest[0] != near) {
			t.Errorf("%s: nearest are %q, want %q first", name, unknown.Nearest, near)
		}
	}
	if _, err := FindEntity("", nil, flow.Private, Day{"test", dayOf()}); err == nil {
		t.Error("an empty name is found in an empty day")
	}
}
