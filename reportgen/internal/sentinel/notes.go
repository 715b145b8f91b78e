package sentinel

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/units"
)

// uploadNotes says what the better rule finds beside the table of ratios.
func (a *Analysis) uploadNotes() []string {
	notes := []string{"This ranks downloads, and lists a fixed share of the hosts on any day. Data carried out has the opposite sign: more sent than received."}
	if a.opt.Baseline != nil {
		return append(notes, a.findingNotes(detect.RuleExfiltration, "Compared with the baseline day, no host sent unusually much.")...)
	}
	switch {
	case !a.Comparable:
		return append(notes, fmt.Sprintf("Fewer than %d internal hosts sent anything outside: too few to say which uploads are unusual.", leastHosts))
	case len(a.Uploads) == 0:
		return append(notes, "No internal host sent more than it received and unusually much for this day.")
	}
	for _, u := range a.Uploads {
		notes = append(notes, u.String())
	}
	return append(notes, "A single day does not distinguish a nightly backup from a theft: compare with a normal day (--baseline FILE).")
}

// String says what was sent where, and when.
func (u Upload) String() string {
	return fmt.Sprintf("%s sent %s to %s and received %s, in %s from %s to %s: %.1f robust standard deviations above the day's hosts.",
		u.Src, units.Bytes(u.Up), named(u.Dst, u.Owner, u.Country), units.Bytes(u.Down),
		counted(int(u.Flows), "flow"), minute(u.First), minute(u.Last), u.Score)
}

// subnetNotes says what the destinations of a subnet are.
func (a *Analysis) subnetNotes(i int) []string {
	s, in := a.Subnets[i], a.Insiders[i]
	if len(s.Rows) == 0 {
		return nil
	}
	var notes []string
	if s.Unordered {
		notes = append(notes, "The rows of the file are not in order of time, by which frequency is defined: it means little here.")
	}
	if slices.ContainsFunc(s.Rows, func(r PeerRow) bool { return math.IsNaN(r.Frequency) }) {
		notes = append(notes, "A frequency of NaN has no time between the first flow and the last.")
	}
	notes = append(notes, "A server is contacted as often as a botnet. By the number of hosts that use it, "+serversNote(in.Servers))
	if a.opt.Baseline != nil {
		return append(notes, a.findingNotes(detect.RuleInternalP2P, "Compared with the baseline day, no hosts formed a new mesh.")...)
	}
	if in.Peers == 0 {
		return append(notes, "No other host of the subnet was contacted.")
	}
	notes = append(notes, fmt.Sprintf("Contacted hosts other than servers: %d.", in.Peers))
	if len(in.Meshes) == 0 {
		notes = append(notes, "No three of them hang together by flows in both directions, as those of a mesh do.")
	}
	for _, m := range in.Meshes {
		notes = append(notes, fmt.Sprintf("These hang together by flows in both directions, which is the shape of a mesh: %s.", addressList(m)))
	}
	if in.Reached > 1 {
		notes = append(notes, fmt.Sprintf("No host contacted more of them than %s: %d of %d.", in.Busiest, in.Reached, in.Peers))
	}
	return append(notes, "A single day does not distinguish a new mesh from an old application: compare with a normal day (--baseline FILE).")
}

func serversNote(servers []Server) string {
	if len(servers) == 0 {
		return "no destination is a server."
	}
	var texts []string
	for _, s := range servers {
		texts = append(texts, fmt.Sprintf("%s (%s, %s)", s.Addr, s.Role, counted(s.Clients, "client")))
	}
	if len(texts) == 1 {
		return "this is a server: " + texts[0] + "."
	}
	return "these are servers: " + strings.Join(texts, ", ") + "."
}

// findingNotes lists the alerts of a rule, or says that there are none.
func (a *Analysis) findingNotes(rule, none string) []string {
	var notes []string
	for _, f := range frame.Alerts(a.Findings) {
		if f.Rule == rule {
			notes = append(notes, fmt.Sprintf("%s (%s): %s", f.Entity, f.Severity, clean(f.Summary)))
		}
	}
	if len(notes) == 0 {
		return []string{none}
	}
	return notes
}

// named writes an address with its owner and country, as far as they are known.
func named(addr netip.Addr, o geo.Owner, c geo.Country) string {
	var about []string
	if o.Name != "" {
		about = append(about, clean(o.Name))
	}
	if c.Name != "" {
		about = append(about, clean(c.Name))
	}
	if len(about) == 0 {
		return addr.String()
	}
	return fmt.Sprintf("%s (%s)", addr, strings.Join(about, ", "))
}

func addressList(addrs []netip.Addr) string {
	return strings.Trim(listOf(addrs), "[]")
}

// counted writes "1 flow" and "12,345 flows".
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return humanize.Comma(int64(n)) + " " + what
}

func minute(t flow.Time) string { return t.String()[:len("15:04")] }
