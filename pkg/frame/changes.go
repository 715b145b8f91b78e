package frame

import (
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// mostMoved is how many of a host's features a table tells.
const mostMoved = 4

// Changes returns the hosts of the test day, most changed first: src_ip,
// distance (of the change, in robust standard deviations of all features
// together), unusual_from (the distance from which it is unusual), new ("new"
// where the host has no baseline day), moved (the features that moved farthest,
// each with its value and in brackets that of the baseline day), named_by (other
// rules with an alert for the host), flows, up_bytes, down_bytes.
func Changes(r detect.AnomalyResult) Frame {
	type row = detect.HostChange
	return of(r.Hosts, append([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		number("distance", func(r row) float64 { return r.Distance }),
		number("unusual_from", func(r row) float64 { return r.Limit }),
		text("new", func(r row) string {
			if r.Newcomer {
				return "new"
			}
			return ""
		}),
		text("moved", func(r row) string {
			var parts []string
			for _, m := range r.Features[:min(len(r.Features), mostMoved)] {
				parts = append(parts, m.Text)
			}
			return strings.Join(parts, ", ")
		}),
		text("named_by", func(r row) string { return strings.Join(r.NamedBy, ", ") }),
	}, counted(func(r row) profile.Counts { return r.Counts })...)...)
}
