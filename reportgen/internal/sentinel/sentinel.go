package sentinel

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/chart"
	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Options say what to analyse. The zero value takes no measure.
type Options struct {
	Country      bool // flows by country
	Distribution bool // flows by hour

	Exfiltration bool // hosts above Percentile of received ÷ sent bytes
	Percentile   int  // 0 to 100

	Botnet   bool           // flows between hosts of one subnet
	Networks []netip.Prefix // the subnets; none for all that are found

	Internal flow.Networks    // the organisation's networks; nil means flow.Private
	Baseline *profile.Profile // a normal day to compare with; nil if there is none
	Resolver *net.Resolver    // where the report's alerts get reverse names; nil for nowhere
}

// Day is the day to analyse: its profile, and its rows in the order of the file.
type Day struct {
	*profile.Profile
	Rows iter.Seq2[flow.Record, error]
}

// Analysis is what was measured of a day. Measures not asked for are empty.
type Analysis struct {
	opt Options
	day Day
	geo *geo.Lookup

	Countries []CountryRow
	Hours     []HourRow

	Ratios     []RatioRow
	Uploads    []Upload
	Comparable bool             // there are hosts enough to say which uploads are unusual
	Findings   []detect.Finding // of the comparison with the baseline day; empty without one

	Subnets  []Subnet
	Insiders []Insiders // one for each subnet
}

// Analyze takes the measures that opt asks for. It is an error if the day's rows
// cannot be read, or an address not be looked up in a damaged database.
func Analyze(ctx context.Context, day Day, l *geo.Lookup, opt Options) (*Analysis, error) {
	if opt.Percentile < 0 || opt.Percentile > 100 {
		return nil, fmt.Errorf("percentile %d is not between 0 and 100", opt.Percentile)
	}
	if opt.Internal == nil {
		opt.Internal = flow.Private
	}
	a := &Analysis{opt: opt, day: day, geo: l}
	if opt.Country {
		a.Countries = countryVolume(day.Profile, l)
	}
	if opt.Distribution {
		a.Hours = trafficDistribution(day.Profile)
	}
	if opt.Exfiltration {
		a.Ratios = dataExfiltration(day.Profile, opt.Percentile)
		a.Uploads, a.Comparable = unusualUploads(day.Profile, l, opt.Internal)
	}
	if opt.Botnet {
		subnets, err := findPeers(ctx, day.Rows, opt.Networks)
		if err != nil {
			return nil, err
		}
		a.Subnets = subnets
		for _, s := range subnets {
			a.Insiders = append(a.Insiders, newInsiders(day.Profile, opt.Internal, s))
		}
	}
	a.compare()
	if err := l.Err(); err != nil {
		return nil, fmt.Errorf("addresses could not be looked up: %w", err)
	}
	return a, nil
}

// compare runs the detections that need a normal day.
func (a *Analysis) compare() {
	if a.opt.Baseline == nil {
		return
	}
	in := detect.Input{Baseline: a.opt.Baseline, Test: a.day.Profile, Geo: a.geo, Internal: a.opt.Internal}
	if a.opt.Exfiltration {
		a.Findings = append(a.Findings, detect.Exfiltration(in).Findings...)
	}
	if a.opt.Botnet {
		a.Findings = append(a.Findings, detect.Botnet(in).Findings...)
	}
}

// figure is a figure under the name of its file.
type figure struct {
	Name   string
	Alt    string // what it shows, in words
	Figure *chart.Figure
}

// The files of the charts.
const (
	countryChart = "connectionsxcountry.png"
	hourChart    = "connectionsxhour.png"
)

// figures returns the figures of the measures taken.
func (a *Analysis) figures() []figure {
	o := chart.Day(frame.TestDay)
	var charts []figure
	if a.opt.Country {
		charts = append(charts, figure{countryChart, "Bars of flows and received bytes by country of destination",
			chart.Bars(frame.Countries(a.day.Profile, a.geo, nil), "country", []string{"flows", "down_bytes"}, o)})
	}
	if a.opt.Distribution {
		charts = append(charts, figure{hourChart, "Flows by hour of the day",
			chart.Hours(frame.Hours(a.day.Profile), "flows", o)})
	}
	return charts
}
