package frame

import (
	"fmt"
	"net/netip"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Day is a profile and the name of its input.
type Day struct {
	Name string // such as "baseline"
	*profile.Profile
}

// Sources returns the input files of days: input, file, rows (including rejected
// ones), rejected, flows, hosts, sha256. Rejected rows, flows and hosts are those
// of the whole day, in the row of its first file.
func Sources(days ...Day) Frame {
	type row struct {
		input string
		profile.Source
		rejected, flows, hosts int64
	}
	var rows []row
	for _, d := range days {
		for i, s := range d.Sources {
			r := row{input: d.Name, Source: s}
			if i == 0 {
				r.rejected, r.flows, r.hosts = d.RejectedRows(), d.Total().Flows, int64(len(d.Hosts))
			}
			rows = append(rows, r)
		}
	}
	return of(rows,
		text("input", func(r row) string { return r.input }),
		text("file", func(r row) string { return r.Source.Name }),
		whole("rows", func(r row) int64 { return r.Rows }),
		whole("rejected", func(r row) int64 { return r.rejected }),
		whole("flows", func(r row) int64 { return r.flows }),
		whole("hosts", func(r row) int64 { return r.hosts }),
		text("sha256", func(r row) string { return r.SHA256 }),
	)
}

// Rejected returns the numbers of excluded rows by input and reason: input,
// reason, rejected (number of rows), place (of the first of them).
func Rejected(days ...Day) Frame {
	type row struct {
		input string
		profile.Rejected
	}
	var rows []row
	for _, d := range days {
		for _, r := range d.Profile.Rejected {
			rows = append(rows, row{d.Name, r})
		}
	}
	return of(rows,
		text("input", func(r row) string { return r.input }),
		text("reason", func(r row) string { return r.Reason }),
		whole("rejected", func(r row) int64 { return r.Count }),
		text("place", func(r row) string {
			return fmt.Sprintf("%s, row group %d, row %d, %s = %q",
				r.First.File, r.First.RowGroup, r.First.Row, r.First.Column, r.First.Value)
		}),
	)
}

// Texts returns a frame of text columns. Missing cells at the end of a row are
// empty.
func Texts(names []string, rows ...[]string) Frame {
	var columns []column[[]string]
	for i, name := range names {
		columns = append(columns, text(name, func(r []string) string {
			if i >= len(r) {
				return ""
			}
			return r[i]
		}))
	}
	return of(rows, columns...)
}

// Summary returns the totals of a day: name, value (as text with its unit).
func Summary(p *profile.Profile) Frame {
	total := p.Total()
	first, last := flow.Day, flow.Time(0)
	destinations := map[netip.Addr]bool{}
	for i := range p.Conversations {
		c := &p.Conversations[i]
		first, last = min(first, c.First), max(last, c.Last)
		destinations[c.Dst] = true
	}
	rows := [][]string{
		{"flows", Count.Format(float64(total.Flows))},
		{"sources", Count.Format(float64(len(p.Hosts)))},
		{"destinations", Count.Format(float64(len(destinations)))},
		{"conversations", Count.Format(float64(len(p.Conversations)))},
		{"sent", Bytes.Format(float64(total.Up))},
		{"received", Bytes.Format(float64(total.Down))},
	}
	if len(p.Conversations) > 0 {
		rows = append(rows, []string{"first flow", Clock.Format(float64(first))}, []string{"last flow", Clock.Format(float64(last))})
	}
	rows = append(rows, []string{"rows left out", Count.Format(float64(p.RejectedRows()))})
	return Texts([]string{"name", "value"}, rows...)
}
