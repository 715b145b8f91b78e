package flow_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
)

func TestParseAddr(t *testing.T) {
	for text, want := range map[string]string{
		"192.168.100.35":     "192.168.100.35",
		"::ffff:192.168.1.2": "192.168.1.2",
		"2001:db8::1":        "2001:db8::1",
	} {
		if a, err := flow.ParseAddr(text); err != nil || a.String() != want {
			t.Errorf("%q: %v, %v; want %s", text, a, err, want)
		}
	}
	for _, text := range []string{"", "192.168.100", "192.168.100.256", "fe80::1%eth0", "host.example", "-"} {
		if a, err := flow.ParseAddr(text); err == nil {
			t.Errorf("%q is taken for %v", text, a)
		}
	}
}

func TestParseProto(t *testing.T) {
	for n := range 256 {
		p := flow.Proto(n)
		if got, err := flow.ParseProto(p.String()); err != nil || got != p {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for text, want := range map[string]flow.Proto{"ICMP": flow.ICMP, "Udp": flow.UDP, "GRE": 47, "50": 50} {
		if got, err := flow.ParseProto(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "teepee", "256", "-1", "proto-", "proto-256", "6.0"} {
		if p, err := flow.ParseProto(text); err == nil {
			t.Errorf("%q is taken for %v", text, p)
		}
	}
}

func TestParseNetworks(t *testing.T) {
	ns, err := flow.ParseNetworks("192.168.100.7/24, fd00::/8")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"192.168.100.255": true, "192.168.101.0": false, "fd12::1": true, "2001:db8::1": false,
	} {
		if got := ns.Contains(netip.MustParseAddr(text)); got != want {
			t.Errorf("contains %s: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "192.168.0.0", "192.168.0.0/33", "10.0.0.0/8,"} {
		if ns, err := flow.ParseNetworks(text); err == nil {
			t.Errorf("%q is taken for %v", text, ns)
		}
	}
}

func TestCompareIsAnOrder(t *testing.T) {
	a := flow.Record{Time: 1, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), Proto: flow.TCP, Port: 1, Up: 1, Down: 1}
	larger := []flow.Record{a, a, a, a, a, a, a}
	larger[0].Time++
	larger[1].Src = larger[1].Src.Next()
	larger[2].Dst = larger[2].Dst.Next()
	larger[3].Proto = flow.UDP
	larger[4].Port++
	larger[5].Up++
	larger[6].Down++
	for i, b := range larger {
		if flow.Compare(a, b) >= 0 || flow.Compare(b, a) <= 0 {
			t.Errorf("field %d does not count", i)
		}
	}
	slices.SortFunc(larger, flow.Compare)
	if !slices.IsSortedFunc(larger, flow.Compare) || flow.Compare(a, a) != 0 {
		t.Error("not an order")
	}
}

func ExampleTime() {
	t := flow.Time(3417865)
	fmt.Println(t, t.Hour(), t.Second())
	// Output: 09:29:38.65 9 34178
}
