package detect

import (
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
)

// Addresses returns the addresses that a finding names, sorted: its entity, its
// members and those in its evidence, which may be of any type.
func (f Finding) Addresses() []netip.Addr {
	addrs := map[netip.Addr]bool{f.Entity: true}
	for _, a := range f.Members {
		addrs[a] = true
	}
	b, err := json.Marshal(f.Evidence)
	var value any
	if err == nil && json.Unmarshal(b, &value) == nil {
		collectAddresses(addrs, value)
	}
	return slices.SortedFunc(maps.Keys(addrs), netip.Addr.Compare)
}

// collectAddresses adds the addresses in a value of JSON.
func collectAddresses(addrs map[netip.Addr]bool, value any) {
	switch v := value.(type) {
	case string:
		if a, err := netip.ParseAddr(v); err == nil {
			addrs[a] = true
		}
	case []any:
		for _, e := range v {
			collectAddresses(addrs, e)
		}
	case map[string]any:
		for _, e := range v {
			collectAddresses(addrs, e)
		}
	}
}
