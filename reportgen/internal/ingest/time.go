package ingest

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// timeReader reads the moments that a log tells, of which the zero form
// tells numbers and dates apart by itself.
type timeReader struct {
	clock
	log     *time.Location // of times without a zone; nil means that of the clock
	perSec  int64          // units a second of numbers; 0 tells them apart by size
	finest  int64          // the finest unit told by size; 0 means milliseconds
	layouts []string       // of dates; none means those of isoLayouts
	last    int            // the layout that fitted last, tried first
}

// units are the names of the units of numbers, for [Options.Time].
var units = map[string]int64{"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}

// isoLayouts are the forms of dates that need no saying: those of ISO 8601,
// RFC 3339 and SQL, with and without zone, and Argus's. Decimals of seconds
// may follow in each.
var isoLayouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05-0700", // Suricata
	"2006-01-02 15:04:05",      // nfdump, SQL
	"2006/01/02 15:04:05",      // Argus
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05-0700",
	"2006-01-02 15:04:05 MST",
}

// set takes in [Options.Time].
func (t *timeReader) set(form string) error {
	if form == "" {
		return nil
	}
	if perSec, ok := units[form]; ok {
		t.perSec = perSec
		return nil
	}
	// A layout shows how it writes Go's reference time, all of whose parts down to
	// the second are needed.
	at := time.Date(2024, 4, 19, 13, 34, 56, 0, time.UTC)
	if back, err := time.Parse(form, at.Format(form)); err != nil || !back.Equal(at) {
		return fmt.Errorf("time form %q is neither a unit (s, ms, us, ns) nor the time 2006-01-02 15:04:05 written as the log writes it, such as 02.01.2006 15:04:05", form)
	}
	t.layouts = []string{form}
	return nil
}

// read reads a moment: a number of seconds since 1970 with decimals, of
// milli-, micro- or nanoseconds, or a date. As seconds, a number of
// milliseconds would be beyond the year 5138, which tells the two apart, and
// so on for smaller units.
func (t *timeReader) read(v []byte) (Date, flow.Time, bool) {
	number, decimals, _ := bytes.Cut(v, []byte("."))
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || t.layouts != nil {
		return t.date(v)
	}
	h, ok := hundredths(decimals)
	perSec := t.perSec
	if perSec == 0 {
		perSec = 1
		for n/maxSeconds >= perSec && perSec < max(t.finest, 1e3) {
			perSec *= 1000
		}
	}
	if perSec > 1 {
		n, h = n/perSec, flow.Time(n%perSec*100/perSec)
	}
	if !ok || n < 0 || number[0] == '-' || n >= maxSeconds {
		return 0, 0, false
	}
	date, at := t.at(n, h)
	return date, at, true
}

// date reads a date with time.
func (t *timeReader) date(v []byte) (Date, flow.Time, bool) {
	layouts := t.layouts
	if layouts == nil {
		layouts = isoLayouts
	}
	loc := t.log
	if loc == nil {
		loc = t.loc
	}
	for i := range layouts {
		k := (t.last + i) % len(layouts)
		at, err := time.ParseInLocation(layouts[k], string(v), loc)
		if err != nil {
			continue
		}
		t.last = k
		if at.Unix() < 0 || at.Unix() >= maxSeconds {
			return 0, 0, false
		}
		date, clock := t.at(at.Unix(), flow.Time(at.Nanosecond()/1e7))
		return date, clock, true
	}
	return 0, 0, false
}

// maxSeconds is in the year 5138.
const maxSeconds = 1e11

// hundredths reads the first two of the decimals of a number; the rest must
// be digits too. Cutting instead of rounding keeps a flow in its second.
func hundredths(decimals []byte) (flow.Time, bool) {
	var h flow.Time
	for i := range max(len(decimals), 2) {
		var digit byte
		if i < len(decimals) {
			if digit = decimals[i] - '0'; digit > 9 {
				return 0, false
			}
		}
		if i < 2 {
			h = h*10 + flow.Time(digit)
		}
	}
	return h, true
}
