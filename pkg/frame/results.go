package frame

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// countryName returns the name of a country, or its code if the name is missing.
func countryName(c geo.Country) string {
	if c.Name == "" {
		return c.Code
	}
	return c.Name
}

// Services returns the internal services of a day, most clients first: dst_ip,
// proto, port, role, clients, share (of the day's internal hosts), flows,
// up_bytes, down_bytes, new ("new" if the baseline day does not have it).
func Services(d detect.ServiceDay) Frame {
	type row = detect.Service
	return of(d.Services, slices.Concat([]column[row]{
		text(flow.ColDst, func(r row) string { return r.Addr.String() }),
		text(flow.ColProto, func(r row) string { return r.Proto.String() }),
		whole(flow.ColPort, func(r row) uint16 { return r.Port }),
		text("role", func(r row) string { return roleName(r.Role) }),
		whole("clients", func(r row) int { return r.Clients }),
		number("share", func(r row) float64 { return r.Share }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		text("new", func(r row) string {
			if r.New {
				return "new"
			}
			return ""
		}),
	})...)
}

// alerting returns the number of rows that raised an alert. Rows correspond to
// findings, which are sorted by severity, so these rows come first.
func alerting(fs []detect.Finding, rows int) int { return min(len(Alerts(fs)), rows) }

// roleName returns the role of a service as text.
func roleName(r detect.Role) string {
	switch r {
	case detect.RoleDNS:
		return "DNS server"
	case detect.RoleWeb:
		return "web server"
	case detect.RoleMail:
		return "mail server"
	}
	return string(r) // "server" and "peer"
}

// Exchange is the traffic between two kinds of hosts, with a name.
type Exchange struct {
	Name string
	detect.Exchange
}

// Exchanges returns kinds of traffic in the given order: exchange, sources and
// destinations (numbers of addresses), flows, up_bytes, down_bytes, up_down,
// median_up_bytes and median_down_bytes (per source).
func Exchanges(es ...Exchange) Frame {
	type row = Exchange
	return of(es, slices.Concat([]column[row]{
		text("exchange", func(r row) string { return r.Name }),
		whole("sources", func(r row) int { return len(r.Sources) }),
		whole("destinations", func(r row) int { return len(r.Destinations) }),
	}, counted(func(r row) profile.Counts { return r.Total }), []column[row]{
		number("up_down", func(r row) float64 { return ratio(r.Total.Up, r.Total.Down) }),
		number("median_up_bytes", func(r row) float64 { return r.MedianUp }),
		number("median_down_bytes", func(r row) float64 { return r.MedianDown }),
	})...)
}

// Owners returns the owners of the external side of an exchange, most bytes
// first: owner, asn, hosts (distinct addresses at the other end), flows,
// up_bytes, down_bytes, bytes, share (of the exchange's bytes).
func Owners(e detect.Exchange) Frame {
	type row = detect.OwnerTotal
	return of(e.Owners, slices.Concat([]column[row]{
		text("owner", func(r row) string { return cmp.Or(r.Owner.Name, unknownOwner) }),
		whole("asn", func(r row) uint32 { return uint32(r.Owner.ASN) }),
		whole("hosts", func(r row) int { return r.Hosts }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		whole("bytes", func(r row) int64 { return r.Bytes() }),
		number("share", func(r row) float64 { return r.Share }),
	})...)
}

// unknownOwner is the name of an owner that is not in the database.
const unknownOwner = "an unknown owner"

// Unknown reports whether a value of a column of names, such as owner or country, says
// that the name is unknown.
func Unknown(name string) bool {
	return name == "" || name == unknownOwner || name == unknownCountry
}

// Uploads returns the uploads that raised an alert, most severe first: src_ip,
// dst_ip, owner, country, flows, up_bytes, down_bytes, baseline_up_bytes (to the
// same owner on the baseline day), times (up_bytes ÷ baseline_up_bytes, or NaN if
// that is 0), pace (fast or slow).
func Uploads(r detect.ExfiltrationResult) Frame {
	type row = detect.Upload
	return of(r.Uploads[:alerting(r.Findings, len(r.Uploads))], slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
		text("owner", func(r row) string { return r.Owner.Name }),
		text("country", func(r row) string { return countryName(r.Country) }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		whole("baseline_up_bytes", func(r row) int64 { return r.Baseline }),
		number("times", func(r row) float64 { return ratio(r.Up, r.Baseline) }),
		text("pace", func(r row) string { return r.Pace }),
	})...)
}

// NewCountries returns the countries contacted on the test day only, most flows
// first: country, code, flows, up_bytes, down_bytes, bytes, hosts.
func NewCountries(r detect.CountriesResult) Frame { return newCountries(r.New) }

func newCountries(cs []detect.NewCountry) Frame {
	type row = detect.NewCountry
	return of(cs, slices.Concat([]column[row]{
		text("country", func(r row) string { return countryName(r.Country) }),
		text("code", func(r row) string { return r.Country.Code }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		whole("bytes", func(r row) int64 { return r.Bytes() }),
		whole("hosts", func(r row) int { return r.Hosts }),
	})...)
}

// NewCountryHosts returns the hosts whose traffic with new countries raised an
// alert, most severe first: src_ip, flows, up_bytes, down_bytes, countries (their
// number), country (with the most flows), dst_ip and owner (with the most flows).
func NewCountryHosts(r detect.CountriesResult) Frame {
	type row = detect.NewCountryHost
	return of(r.Hosts[:alerting(r.Findings, len(r.Hosts))], slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Host.String() }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		whole("countries", func(r row) int { return len(r.Countries) }),
		text("country", func(r row) string {
			if len(r.Countries) == 0 {
				return ""
			}
			return countryName(r.Countries[0].Country)
		}),
		text(flow.ColDst, func(r row) string { return r.TopDst.String() }),
		text("owner", func(r row) string { return r.TopOwner.Name }),
	})...)
}

// PeerPairs returns the flows between the members of meshes: src_ip, dst_ip,
// flows, up_bytes, down_bytes, up_down, diff (its distance from 1).
func PeerPairs(r detect.BotnetResult) Frame {
	type row = detect.PeerPair
	return of(r.Pairs,
		text(flow.ColSrc, func(r row) string { return r.Src.String() }),
		text(flow.ColDst, func(r row) string { return r.Dst.String() }),
		whole("flows", func(r row) int64 { return r.Flows }),
		whole(flow.ColUp, func(r row) int64 { return r.Up }),
		whole(flow.ColDown, func(r row) int64 { return r.Down }),
		number("up_down", func(r row) float64 { return r.Ratio }),
		number("diff", func(r row) float64 { return r.Diff }),
	)
}

// DNS returns the DNS flows of the test day's hosts, most flows first: src_ip,
// baseline_flows, test_flows, times (test ÷ baseline), external_flows (to
// external resolvers), up_bytes, down_bytes, bytes_per_flow, dst_ip (the
// resolver that stands out, else the most used), hour (of most flows).
func DNS(r detect.DNSResult) Frame {
	type row = detect.DNSUse
	return of(r.Hosts,
		text(flow.ColSrc, func(r row) string { return r.Host.String() }),
		whole("baseline_flows", func(r row) int64 { return r.BaselineFlows }),
		whole("test_flows", func(r row) int64 { return r.Flows }),
		number("times", func(r row) float64 { return ratio(r.Flows, r.BaselineFlows) }),
		whole("external_flows", func(r row) int64 { return r.External }),
		whole(flow.ColUp, func(r row) int64 { return r.Up }),
		whole(flow.ColDown, func(r row) int64 { return r.Down }),
		number("bytes_per_flow", func(r row) float64 { return r.PerFlow }),
		text(flow.ColDst, func(r row) string { return r.TopResolver.String() }),
		whole("hour", func(r row) int { return r.PeakHour }),
	)
}

// Clients returns the external clients of the public servers, highest
// upload/download ratio first: src_ip, owner, country, flows, up_bytes,
// down_bytes, up_down, gap_cv and gap_mean (coefficient of variation and mean in
// seconds of the inter-arrival times, NaN if there are too few flows), coverage
// (share of the half hours from first to last flow that have flows).
func Clients(r detect.ClientsResult) Frame {
	type row = detect.Client
	return of(r.Clients, slices.Concat([]column[row]{
		text(flow.ColSrc, func(r row) string { return r.Addr.String() }),
		text("owner", func(r row) string { return r.Owner.Name }),
		text("country", func(r row) string { return countryName(r.Country) }),
	}, counted(func(r row) profile.Counts { return r.Counts }), []column[row]{
		number("up_down", func(r row) float64 { return ratio(r.Up, r.Down) }),
		number("gap_cv", func(r row) float64 { return known(r.CV, r.Gap > 0) }),
		number("gap_mean", func(r row) float64 { return known(r.Gap, r.Gap > 0) }),
		number("coverage", func(r row) float64 { return r.Coverage }),
	})...)
}

// known returns v, or NaN if ok is false.
func known(v float64, ok bool) float64 {
	if !ok {
		return math.NaN()
	}
	return v
}

// mostMoved is the number of features of a host that a table shows.
const mostMoved = 4

// Changes returns the hosts of the test day, most changed first: src_ip, distance
// (of the change, in robust standard deviations of all features together),
// unusual_from (the distance from which it is unusual), new ("new" if the host
// has no baseline), moved (the features that changed most, each with its value
// and the baseline value in parentheses), named_by (other rules with an alert for
// the host), flows, up_bytes, down_bytes.
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

// Calls returns the beacons that raised an alert, most severe first: src_ip,
// dst_ip, owner, country, proto, port, flows, up_bytes, down_bytes, gap_mean (mean
// inter-arrival time in seconds), gap_cv (its coefficient of variation), hours
// (number of hours with flows).
func Calls(r detect.BeaconResult) Frame {
	type row = detect.Call
	return of(r.Calls[:alerting(r.Findings, len(r.Calls))], slices.Concat([]column[row]{
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
// targets (number of internal hosts contacted), unanswered (number of those that
// did not answer), tried_ports (distinct, separated by commas), flows, up_bytes,
// down_bytes.
func Sweeps(r detect.ScanResult) Frame {
	type row = detect.Sweep
	return of(r.Sweeps[:alerting(r.Findings, len(r.Sweeps))], append([]column[row]{
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
