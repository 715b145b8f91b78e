package sentinel

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteText prints the tables of the measures taken, in Sentinel's order: each
// under a line that begins with [!], and below some further results,
// in lines that begin with [i].
func (a *Analysis) WriteText(w io.Writer) error {
	var b strings.Builder
	block := func(title, table string, notes []string) {
		fmt.Fprintf(&b, "\n[!] %s\n\n%s\n", title, table)
		if len(notes) > 0 {
			b.WriteByte('\n')
		}
		for _, n := range notes {
			fmt.Fprintf(&b, "[i] %s\n", n)
		}
	}
	if a.opt.Country {
		block(countryTitle, a.countryTable(), nil)
	}
	if a.opt.Distribution {
		block(hourTitle, a.hourTable(), nil)
	}
	if a.opt.Exfiltration {
		block(a.ratioTitle(), a.ratioTable(), a.uploadNotes())
	}
	if a.opt.Botnet && len(a.Subnets) == 0 {
		fmt.Fprintf(&b, "\n[!] No subnet has flows between its hosts.\n")
	}
	for i, s := range a.Subnets {
		block(s.title(), s.table(), a.subnetNotes(i))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Titles of the measures, as Sentinel words them.
const (
	countryTitle = "Calculate the country of origin of the destination IPs and the connection volume for each country. Generating a PNG with the bar graph."
	hourTitle    = "Distribution of connection volume during the day."
)

func (a *Analysis) ratioTitle() string {
	return fmt.Sprintf("IPs above the %d percentile of the downloads over uploads in this session.", a.opt.Percentile)
}

func (s Subnet) title() string {
	return fmt.Sprintf("Flows between internal hosts to common destinations in the same subnet (%s), may indicate the existence of an internal botnet.", s.Network)
}

func (a *Analysis) countryTable() string {
	var index []string
	for _, r := range a.Countries {
		index = append(index, r.Country)
	}
	return table(index, "country",
		intColumn(a.Countries, func(r CountryRow) int64 { return r.Flows }, "dst_ip", "count"),
		intColumn(a.Countries, func(r CountryRow) int64 { return r.Down }, "down_bytes", "sum"))
}

func (a *Analysis) hourTable() string {
	var index []string
	for _, r := range a.Hours {
		index = append(index, strconv.Itoa(r.Hour))
	}
	return series("hour", index, intColumn(a.Hours, func(r HourRow) int64 { return r.Flows }).cells)
}

func (a *Analysis) ratioTable() string {
	var index []string
	for _, r := range a.Ratios {
		index = append(index, strconv.Itoa(r.Index))
	}
	return table(index, "",
		textColumn(a.Ratios, func(r RatioRow) string { return r.Src.String() }, "src_ip"),
		intColumn(a.Ratios, func(r RatioRow) int64 { return r.Down }, "down_bytes"),
		intColumn(a.Ratios, func(r RatioRow) int64 { return r.Up }, "up_bytes"),
		floatColumn(a.Ratios, func(r RatioRow) float64 { return r.Ratio }, "ratio"))
}

func (s Subnet) table() string {
	var index []string
	for _, r := range s.Rows {
		index = append(index, strconv.Itoa(r.Index))
	}
	return table(index, "",
		textColumn(s.Rows, func(r PeerRow) string { return r.Dst.String() }, "dst_ip"),
		textColumn(s.Rows, func(r PeerRow) string { return listOf(r.Sources) }, "src_ip"),
		floatColumn(s.Rows, func(r PeerRow) float64 { return r.Frequency }, "frequency"))
}
