package detect

import (
	"fmt"
	"math"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/units"
)

// feature is one number that says something of a host's day.
type feature struct {
	name  string
	of    func(h *hostDay) float64                       // as reports print it
	scale func(h *hostDay, usual profile.Counts) float64 // on a scale on which hosts can be compared; usual is of the median host
	text  func(v float64) string                         // writes what of returns
	fewer bool                                           // less of it is as odd as more
	fresh bool                                           // only a host with a baseline day has it
}

// features are few, so that small networks can learn how they hang together.
// Each is there for a way in which a host changes hands or users:
//
//   - volume: flows and bytes received, which grow when a host is used for more,
//     or gathers data,
//   - direction: up ÷ down, which rises when a host gives instead of takes,
//   - reach: destinations and services, which grow when a host looks around,
//   - protocols: UDP, and services that few hosts use, as of miners, chats and
//     remote control,
//   - time: the half hours in which a host is active, and whether others are,
//   - role: the hosts that it answers, zero for a workstation,
//   - company: the share of flows with parties that are new to the host, and the
//     hours for which it keeps in touch with the most lasting one.
//
// Bytes are compared as logarithms of what exceeds a packet and a twentieth of
// the median host's, so that of hosts that do next to nothing there is nothing to
// compare.
func features() []feature {
	const least = 0.05
	level := func(bytes, usual int64) float64 { return packet + float64(bytes) + least*float64(usual) }
	return []feature{
		{name: "flows", of: func(h *hostDay) float64 { return float64(h.Flows) }, text: countText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return countScale(h.Flows) }},
		{name: "bytes received", of: func(h *hostDay) float64 { return float64(h.Down) },
			text: func(v float64) string { return units.Bytes(int64(v)) },
			scale: func(h *hostDay, usual profile.Counts) float64 {
				return math.Log(level(h.Down, usual.Down))
			}},
		{name: "upload/download ratio", of: func(h *hostDay) float64 { return float64(h.Up) / float64(max(h.Down, 1)) }, fewer: true,
			text: func(v float64) string { return fmt.Sprintf("%.3g", v) },
			scale: func(h *hostDay, usual profile.Counts) float64 {
				return math.Log(level(h.Up, usual.Up) / level(h.Down, usual.Down))
			}},
		{name: "destinations", of: func(h *hostDay) float64 { return float64(h.dsts) }, text: countText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return countScale(int64(h.dsts)) }},
		{name: "services used", of: func(h *hostDay) float64 { return float64(h.services) }, text: countText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return countScale(int64(h.services)) }},
		{name: "share of flows over UDP", of: func(h *hostDay) float64 { return ratio(h.udp, h.Flows) }, fewer: true,
			text:  shareText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return h.shareOfFlows(h.udp) }},
		{name: "share of flows to rarely used services", of: func(h *hostDay) float64 { return ratio(h.odd, h.Flows) },
			text:  shareText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return h.shareOfFlows(h.odd) }},
		{name: "half hours with flows", of: func(h *hostDay) float64 { return float64(h.slots) }, text: countText,
			scale: func(h *hostDay, _ profile.Counts) float64 {
				return shareScale(float64(h.slots), float64(profile.SlotsPerDay))
			}},
		{name: "hosts active at the same time", of: func(h *hostDay) float64 { return h.company },
			text:  shareText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return shareScale(1-h.company, 1) }},
		{name: "internal clients", of: func(h *hostDay) float64 { return float64(h.clients) }, text: countText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return countScale(int64(h.clients)) }},
		{name: "share of flows with new peers", of: func(h *hostDay) float64 { return ratio(h.freshFlows, h.Flows) }, fresh: true,
			text:  shareText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return h.shareOfFlows(h.freshFlows) }},
		{name: "hours with the same new peer", of: func(h *hostDay) float64 { return float64(h.fresh.Hours) }, fresh: true,
			text:  countText,
			scale: func(h *hostDay, _ profile.Counts) float64 { return shareScale(float64(h.fresh.Hours), 24) }},
	}
}

func countText(v float64) string { return humanize.Comma(int64(v)) }

func shareText(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

// packet is the bytes of a packet that fills an Ethernet frame.
const packet = 1500

// point is a host's day as features have it.
func (h *hostDay) point(fs []feature, usual profile.Counts) []float64 {
	x := make([]float64, len(fs))
	for j, f := range fs {
		x[j] = f.scale(h, usual)
	}
	return x
}

// usualBytes is the median bytes of hosts, up and down.
func usualBytes(hosts []*hostDay) profile.Counts {
	var up, down []float64
	for _, h := range hosts {
		up, down = append(up, float64(h.Up)), append(down, float64(h.Down))
	}
	slices.Sort(up)
	slices.Sort(down)
	return profile.Counts{Up: int64(median(up)), Down: int64(median(down))}
}
