package sentinel

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/profile"
)

// CountryRow is the flows to one country.
type CountryRow struct {
	Country string // ISO 3166-1 alpha-2 code; empty for addresses of no known country, internal ones among them
	Flows   int64
	Down    int64 // bytes received from there
}

// countryVolume returns the flows by country of destination, most flows first
// and in alphabetical order where they are equal.
func countryVolume(p *profile.Profile, l *geo.Lookup) []CountryRow {
	codes := map[netip.Addr]string{}
	sums := map[string]*CountryRow{}
	for i := range p.Conversations {
		c := &p.Conversations[i]
		code, ok := codes[c.Dst]
		if !ok {
			country := l.Country(c.Dst)
			code = clean(cmp.Or(country.Code, country.Name))
			codes[c.Dst] = code
		}
		if sums[code] == nil {
			sums[code] = &CountryRow{Country: code}
		}
		sums[code].Flows += c.Flows
		sums[code].Down += c.Down
	}
	rows := make([]CountryRow, 0, len(sums))
	for _, r := range sums {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b CountryRow) int {
		return cmp.Or(cmp.Compare(b.Flows, a.Flows), cmp.Compare(a.Country, b.Country))
	})
	return rows
}

// HourRow is the flows that began in one hour.
type HourRow struct {
	Hour  int // 0 to 23
	Flows int64
}

// trafficDistribution returns the hours of the day in which flows began.
func trafficDistribution(p *profile.Profile) []HourRow {
	var rows []HourRow
	for hour, c := range p.Hours() {
		if c.Flows > 0 {
			rows = append(rows, HourRow{hour, c.Flows})
		}
	}
	return rows
}

// RatioRow is what one source received and sent.
type RatioRow struct {
	Index    int // place of the source among all, in alphabetical order, from 0
	Src      netip.Addr
	Down, Up int64   // bytes
	Ratio    float64 // down ÷ up; infinite if nothing was sent, NaN if nothing was received either
}

// dataExfiltration returns the sources above a percentile, 0 to 100, of
// received ÷ sent bytes, highest first.
//
// Of n sources it returns the first int(n × (1 − percentile/100)), computed in
// floating point as Sentinel does: of 200 above the 90th percentile those are
// 19, since 1 − 0.9 falls short of 0.1.
func dataExfiltration(p *profile.Profile, percentile int) []RatioRow {
	rows := make([]RatioRow, len(p.Hosts))
	for i := range p.Hosts {
		t := p.Hosts[i].Total()
		rows[i] = RatioRow{Src: p.Hosts[i].Addr, Down: t.Down, Up: t.Up, Ratio: float64(t.Down) / float64(t.Up)}
	}
	slices.SortFunc(rows, func(a, b RatioRow) int { return alphabetically(a.Src, b.Src) })
	for i := range rows {
		rows[i].Index = i
	}
	// cmp.Compare puts NaN below every number, as pandas does with na_position.
	slices.SortStableFunc(rows, func(a, b RatioRow) int { return cmp.Compare(b.Ratio, a.Ratio) })
	share := 1 - float64(percentile)/100
	return rows[:int(float64(len(rows))*share)]
}

// alphabetically orders addresses by their text, as pandas orders the keys of
// a group by.
func alphabetically(a, b netip.Addr) int { return strings.Compare(a.String(), b.String()) }
