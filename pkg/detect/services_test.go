package detect_test

import (
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

func TestServices(t *testing.T) {
	before := office(1, 40)
	after := office(2, 40).mesh(10e3, 10e3, host(3), host(11), host(20))
	for i := range 12 {
		after.flows(2, host(i), "192.168.100.241", flow.TCP, 8443, 1e3, 9e3, 9*flow.Hour, 10*flow.Hour)
		after.flows(2, host(i), "192.168.100.242", flow.TCP, 445, 1e3, 9e3, 9*flow.Hour, 10*flow.Hour)
	}
	r := detect.Services(detect.Input{Baseline: before.profile(), Test: after.profile()})
	golden(t, "services", r)

	type found struct {
		role detect.Role
		new  bool
	}
	want := map[string]found{
		dns1: {detect.RoleDNS, false}, dns2: {detect.RoleDNS, false}, web: {detect.RoleWeb, false}, mail: {detect.RoleMail, false},
		"192.168.100.241": {detect.RoleWeb, true}, "192.168.100.242": {detect.RoleServer, true},
		host(3): {detect.RolePeer, true}, host(11): {detect.RolePeer, true}, host(20): {detect.RolePeer, true},
	}
	if len(r.Test.Services) != len(want) {
		t.Errorf("%d services, want %d", len(r.Test.Services), len(want))
	}
	for _, s := range r.Test.Services {
		if got := (found{s.Role, s.New}); got != want[s.Addr.String()] {
			t.Errorf("%s is %+v, want %+v", s.Addr, got, want[s.Addr.String()])
		}
	}
}

// In a network smaller than the floor, a host that all others use is a server,
// unless it opens flows to its clients.
func TestServicesOfSmallNetworks(t *testing.T) {
	tests := []struct {
		name string
		day  *lab
		want map[string]detect.Role
	}{
		{"two clients of a resolver", (&lab{}).ask(5, host(0), dns1, 70, 160).ask(5, host(1), dns1, 70, 160),
			map[string]detect.Role{dns1: detect.RoleDNS}},
		{"one of four is used", (&lab{}).ask(5, host(0), dns1, 70, 160).ask(5, host(1), dns1, 70, 160).
			ask(5, host(2), dns1, 70, 160).ask(5, host(3), dns1, 70, 160).https(1, host(0), host(9), 1, 1),
			map[string]detect.Role{dns1: detect.RoleDNS, host(9): detect.RolePeer}},
		{"a mesh of three alone", (&lab{}).mesh(10e3, 10e3, host(0), host(1), host(2)),
			map[string]detect.Role{host(0): detect.RolePeer, host(1): detect.RolePeer, host(2): detect.RolePeer}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := detect.Services(detect.Input{Baseline: tt.day.profile()})
			for _, s := range r.Baseline.Services {
				if s.Role != tt.want[s.Addr.String()] {
					t.Errorf("%s is %s, want %s", s.Addr, s.Role, tt.want[s.Addr.String()])
				}
			}
			if len(r.Baseline.Services) != len(tt.want) {
				t.Errorf("%d services, want %d", len(r.Baseline.Services), len(tt.want))
			}
		})
	}
}
