package ingest

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// timeReader reads the times of a log. Its zero value detects numbers and dates.
type timeReader struct {
	clock
	log     *time.Location // of times without a zone; nil means that of the clock
	perSec  int64          // units per second of numbers; 0 detects the unit by size
	finest  int64          // the finest unit detected by size; 0 means milliseconds
	layouts []string       // of dates; none means those of commonLayouts
	last    int            // the layout that fitted last, tried first
	odd     bool           // the last date needed more than a layout
	order   dateOrder      // of dates such as 4/19/2024, as far as a row has shown it
}

// timeUnits are the names of the units of numbers, for [Options.Time].
var timeUnits = map[string]int64{"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}

// commonLayouts are the forms of dates that are read without [Options.Time]: those
// whose order of day, month and year is certain. Decimals of seconds may follow
// the seconds in each.
var commonLayouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05-0700", // Suricata
	"2006-01-02 15:04:05",      // nfdump, SQL
	"2006/01/02 15:04:05",      // Argus, PAN-OS
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05-0700",
	"2006-01-02 15:04:05 -0700",
	"2006/01/02T15:04:05", // SiLK
	"2006-01-02T15:04:05-07",
	"2006-01-02 15:04:05-07",
	"2006-01-02 15:04:05 Z07:00",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
	"2006/01/02 15:04",
	"2006-1-2 3:04:05 PM",
	"2006-1-2 3:04 PM",
	"2.1.2006 15:04:05",
	"2.1.2006 15:04",
	"20060102 15:04:05",
	"20060102 150405",
	"2006-01-02_15:04:05",
	"2006-01-02-15:04:05",
	"2006-01-02 15:04:05 -07",
	"Mon Jan 2 15:04:05 MST 2006", // date
	"Jan 2 15:04:05 2006",
	"02/Jan/2006:15:04:05 -0700",
	"Jan 2, 2006 @ 15:04:05", // Kibana
	"Jan 2, 2006 15:04:05",
	"Jan 2, 2006 3:04:05 PM",
	"January 2, 2006 15:04:05",
	"January 2, 2006 3:04:05 PM",
	"Jan 2 2006 15:04:05", // CEF
	"2-Jan-2006 15:04:05",
	"2 Jan 2006 15:04:05",
	"Mon Jan 2 15:04:05 2006",
	"Mon, 02 Jan 2006 15:04:05",
	time.RFC1123Z,
	"20060102T150405Z07:00",
	"20060102T150405",
	"20060102150405", // Hadoop
	"2006/01/02 15:04:05 -0700",
	"2006-1-2 15:04:05",
	"2006-1-2 15:04",
	"2006/1/2 15:04:05",
	"2 Jan 2006 3:04:05 PM",
	"2/Jan/2006 15:04:05",
	"2-Jan-06 15:04:05",
	"2-Jan-06 3:04:05 PM", // Oracle
	"Jan 2 2006 3:04:05 PM",
	"January 2 2006 15:04:05",
	"January 2 2006 3:04:05 PM",
}

// set takes in [Options.Time].
func (t *timeReader) set(form string) error {
	if form == "" {
		return nil
	}
	if perSec, ok := timeUnits[form]; ok {
		t.perSec = perSec
		return nil
	}
	// A layout must write Go's reference time with all parts down to the minute.
	at := time.Date(2024, 4, 19, 13, 34, 0, 0, time.UTC)
	if back, err := time.Parse(form, at.Format(form)); err != nil || !back.Equal(at) {
		return fmt.Errorf("--time %q: want a unit (s, ms, us or ns), or the time 2006-01-02 15:04:05 as the log would write it, such as 02.01.2006 15:04:05", form)
	}
	t.layouts = []string{form}
	return nil
}

// read reads a moment: a number of seconds since 1970 with decimals, of
// milli-, micro- or nanoseconds, or a date. The unit of a number follows from its
// size: a number of milliseconds, read as seconds, is beyond the year 5138, and so
// on for smaller units.
func (t *timeReader) read(v []byte) (Date, flow.Time, bool) {
	if t.layouts != nil || len(v) > 4 && (v[4] == '-' || v[4] == '/') {
		return t.date(v)
	}
	number, decimals, _ := bytes.Cut(v, []byte("."))
	n, ok := digits(number)
	if !ok {
		if date, at, ok := t.float(v); ok {
			return date, at, true
		}
		if plain, ok := withoutComma(v); ok {
			return t.read(plain)
		}
		return t.date(v)
	}
	if len(number) == len("20060102150405") && t.perSec == 0 && (number[0] == '1' || number[0] == '2') {
		if date, at, ok := t.date(v); ok { // as milliseconds, it would be after the year 2600
			return date, at, true
		}
	}
	h, ok := hundredths(decimals)
	if ok {
		return t.number(n, h)
	}
	if date, at, ok := t.float(v); ok {
		return date, at, true
	}
	return t.date(v)
}

// float reads a moment as a floating-point number, such as 1.7134848005E9.
func (t *timeReader) float(v []byte) (Date, flow.Time, bool) {
	if len(v) == 0 || v[0] != '.' && v[0] != '+' && v[0]-'0' > 9 || bytes.ContainsAny(v, ":/") {
		return 0, 0, false // most likely a date
	}
	x, err := strconv.ParseFloat(string(v), 64)
	if err != nil || !(x >= 0 && x < 1e19) {
		return 0, 0, false
	}
	return t.number(int64(x), flow.Time((x-math.Floor(x))*100+1e-5))
}

// number reads a moment as a number and its hundredths.
func (t *timeReader) number(n int64, h flow.Time) (Date, flow.Time, bool) {
	perSec := t.perSec
	if perSec == 0 {
		perSec = 1
		for n/maxSeconds >= perSec && perSec < max(t.finest, 1e3) {
			perSec *= 1000
		}
	}
	if t.perSec == 0 && perSec == 1e9 && n >= netTicks-125*1e15 && n < netTicks {
		return 0, 0, false
	}
	if perSec > 1 {
		n, h = n/perSec, flow.Time(n%perSec*100/perSec)
	}
	if n < 0 || n >= maxSeconds {
		return 0, 0, false
	}
	date, at := t.at(n, h)
	return date, at, true
}

// netTicks bounds the ticks of .NET, tenths of microseconds since the year 1, in this
// and the last century. They would be nanoseconds of 1989 to 1992.
const netTicks = 725 * 1e15

// date reads a date with time.
func (t *timeReader) date(v []byte) (Date, flow.Time, bool) {
	loc := t.log
	if loc == nil {
		loc = t.loc
	}
	at, ok := time.Time{}, false
	if t.layouts == nil {
		if at, ok = isoDate(v, loc); !ok && t.odd {
			at, ok = t.unusual(string(v), loc)
		}
	}
	if !ok {
		at, ok = t.parse(string(v), loc)
		t.odd = !ok
	}
	if !ok && t.layouts == nil {
		at, ok = t.unusual(string(v), loc)
	}
	if !ok || at.Unix() < 0 || at.Unix() >= maxSeconds {
		return 0, 0, false
	}
	date, clock := t.at(at.Unix(), flow.Time(at.Nanosecond()/1e7))
	return date, clock, true
}

// parse reads a date in one of the layouts.
func (t *timeReader) parse(s string, loc *time.Location) (time.Time, bool) {
	layouts := t.layouts
	if layouts == nil {
		layouts = commonLayouts
	}
	for i := range layouts {
		k := (t.last + i) % len(layouts)
		at, err := time.ParseInLocation(layouts[k], s, loc)
		if err != nil {
			continue
		}
		t.last = k
		if name, offset := at.Zone(); offset == 0 && strings.Contains(layouts[k], "MST") && !inZone(at, loc, name) {
			// Go takes an abbreviation that it does not know for UTC.
			zone := abbreviations[name]
			if zone == nil {
				return time.Time{}, false
			}
			at = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone)
		}
		return at, true
	}
	return time.Time{}, false
}

// unusual reads a date with the abbreviation of a zone at its end, with a time
// of day that Go does not read, or in one of the forms of unusualForms.
func (t *timeReader) unusual(s string, loc *time.Location) (time.Time, bool) {
	s = ordinary(strings.TrimSpace(s))
	if reordered, ok := t.yearFirst(s); ok {
		s = reordered
	}
	if i := strings.IndexByte(s, '['); i > 0 && strings.HasSuffix(s, "]") { // Java: +02:00[Europe/Berlin]
		s = s[:i]
		at, ok := isoDate([]byte(s), nil)
		return at, ok
	}
	s, name := cutZone(s)
	zone := loc
	if name != "" && abbreviations[name] != nil {
		zone = abbreviations[name]
	}
	s, days := ordinaryClock(s)
	at, ok := isoDate([]byte(s), zone)
	if !ok {
		at, ok = t.parse(s, zone)
	}
	if !ok || name != "" && abbreviations[name] == nil && !inZone(at, loc, name) {
		return time.Time{}, false
	}
	return at.AddDate(0, 0, days), true
}

// inZone reports whether the zone in force in a location at a moment has an
// abbreviation.
func inZone(at time.Time, loc *time.Location, abbreviation string) bool {
	name, _ := at.In(loc).Zone()
	return name == abbreviation
}

// abbreviations are the zones whose abbreviation has one meaning. CST, IST, BST,
// PST, MST and AST have several and are refused, unless the log is read in a
// zone that uses them.
var abbreviations = fixedZones(map[string]float64{
	"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "SAST": 2,
	"EST": -5, "EDT": -4, "CDT": -5, "MDT": -6, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
	"JST": 9, "KST": 9, "AWST": 8, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
})

// fixedZones returns locations by name, given their hours east of UTC.
func fixedZones(hours map[string]float64) map[string]*time.Location {
	zones := map[string]*time.Location{}
	for name, h := range hours {
		zones[name] = time.FixedZone(name, int(h*3600))
	}
	return zones
}

// cutZone cuts the abbreviation of a zone, such as CET, off the end of a date.
func cutZone(s string) (rest, abbreviation string) {
	i := strings.LastIndexByte(s, ' ')
	name := s[i+1:]
	if i < 0 || len(name) < 2 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || name == "AM" || name == "PM" {
		return s, ""
	}
	return strings.TrimSpace(s[:i]), name
}

// ordinaryClock writes the times of day that Go does not read as it reads them:
// 24:00 as 00:00 of so many days later, and second 60 of a leap second as 59.
func ordinaryClock(s string) (_ string, days int) {
	if i := strings.Index(s, "24:00"); i > 0 && (s[i-1] == ' ' || s[i-1] == 'T') {
		return s[:i] + "00:00" + s[i+len("24:00"):], 1
	}
	if i := strings.Index(s, ":59:60"); i > 0 {
		return s[:i] + ":59:59" + s[i+len(":59:60"):], 0
	}
	return s, 0
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

// clock converts moments to the local date and time of day.
type clock struct {
	loc *time.Location
}

// at splits a moment, in seconds since 1970 and hundredths of a second, into the
// local date and the time that a clock on the wall shows. So one hour occurs twice
// on the day on which summer time ends, and one is missing on the day on which it
// begins.
func (c clock) at(seconds int64, hundredths flow.Time) (Date, flow.Time) {
	_, offset := time.Unix(seconds, 0).In(c.loc).Zone()
	local := seconds + int64(offset)
	day := floorDiv(local, secondsPerDay)
	return Date(day), flow.Time(local-day*secondsPerDay)*flow.Second + hundredths
}

// floorDiv is a / b rounded down, where Go's division rounds towards zero.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// decimal reads a number of digits and perhaps decimals, without allocating.
func decimal(v []byte) (float64, bool) {
	number, decimals, _ := bytes.Cut(v, []byte("."))
	n, ok := digits(number)
	if !ok || len(decimals) == 0 {
		return float64(n), ok
	}
	d, ok := digits(decimals)
	return float64(n) + float64(d)/math.Pow10(len(decimals)), ok
}

// maxDuration is a bound of durations, in hundredths of a second: a year.
const maxDuration = 366 * int64(flow.Day)

// moment counts hundredths of a second from the first of all days.
func moment(d Date, t flow.Time) int64 { return int64(d)*int64(flow.Day) + int64(t) }

// day splits hundredths of a second since the first of all days.
func day(moment int64) (Date, flow.Time) {
	date := floorDiv(moment, int64(flow.Day))
	return Date(date), flow.Time(moment - date*int64(flow.Day))
}
