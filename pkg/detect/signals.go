package detect

import "net/netip"

// Signals is how far entities stand out by one rule: the way from what is usual
// to what they did, in units of the way to the limit that the rule learned. 1 is
// the limit, from which there is a finding at medium or above; a score is
// 1 − 2⁻ˢⁱᵍⁿᵃˡ. Entities that did nothing of the rule's kind have none.
type Signals map[netip.Addr]float64

// note keeps the largest signal of an entity.
func (s Signals) note(a netip.Addr, excess float64) { s[a] = max(s[a], excess) }

// Signals returns the signals of each rule that compares a number with a limit,
// by its id.
func (r Result) Signals() map[string]Signals {
	return map[string]Signals{
		RuleExfiltration:       r.Exfiltration.Signals,
		RuleNewCountry:         r.Countries.Signals,
		RuleInternalP2P:        r.Botnet.Signals,
		RuleDNSC2:              r.DNS.Signals,
		RuleExternalAutomation: r.Clients.Signals,
		RuleBeacon:             r.Beacon.Signals,
		RuleInternalScan:       r.Scan.Signals,
	}
}
