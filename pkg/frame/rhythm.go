package frame

import (
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Calls returns the regular calls that raised an alert, most severe first:
// src_ip, dst_ip, owner, country, proto, port, flows, up_bytes, down_bytes,
// gap_mean (seconds), gap_cv (standard deviation ÷ mean of the gaps), hours (of
// the day with flows).
func Calls(r detect.BeaconResult) Frame {
	type row = detect.Call
	return of(r.Calls[:alarming(r.Findings, len(r.Calls))], slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
		text("owner", func(r row) string { return r.Owner.Name }),
		text("country", func(r row) string { return countryName(r.Country) }),
		text(flow.ColProto, func(r row) string { return r.Proto }),
		whole(flow.ColPort, func(r row) uint16 { return r.Port }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		number("gap_mean", func(r row) float64 { return r.Gap }),
		number("gap_cv", func(r row) float64 { return r.CV }),
		whole("hours", func(r row) int { return r.Hours }),
	})...)
}

// Sweeps returns the scans that raised an alert, most severe first: src_ip,
// targets (internal hosts that it tried), unanswered (of these, those that sent
// nothing back), tried_ports (distinct, separated by commas), flows, up_bytes,
// down_bytes.
func Sweeps(r detect.ScanResult) Frame {
	type row = detect.Sweep
	return of(r.Sweeps[:alarming(r.Findings, len(r.Sweeps))], append([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		whole("targets", func(r row) int { return r.Targets }),
		whole("unanswered", func(r row) int { return r.Unanswered }),
		text("tried_ports", func(r row) string {
			var ports []string
			for _, p := range r.Ports {
				ports = append(ports, strconv.Itoa(int(p)))
			}
			return strings.Join(ports, ", ")
		}),
	}, counted(func(r row) profile.Counts { return r.Counts })...)...)
}
