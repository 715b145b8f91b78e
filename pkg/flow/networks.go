package flow

import (
	"fmt"
	"net/netip"
	"strings"
)

// Networks is a set of address ranges, such as those of an organisation.
type Networks []netip.Prefix

// Private are the ranges that an organisation numbers its own devices from:
// RFC 1918 for IPv4 and RFC 4193 (ULA) for IPv6.
var Private = Networks{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("fc00::/7"),
}

// ParseNetworks reads address ranges in CIDR form separated by commas.
func ParseNetworks(s string) (Networks, error) {
	var ns Networks
	for f := range strings.SplitSeq(s, ",") {
		p, err := netip.ParsePrefix(strings.TrimSpace(f))
		if err != nil {
			return nil, fmt.Errorf("network %q is not in CIDR form, such as 192.168.0.0/16", f)
		}
		ns = append(ns, p.Masked())
	}
	return ns, nil
}

// Contains reports whether a is in one of the ranges.
func (ns Networks) Contains(a netip.Addr) bool {
	for _, n := range ns {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
