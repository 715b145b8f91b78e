package ingest

import (
	"bytes"
	"strconv"

	"github.com/flowbook/flowbook/pkg/flow"
)

// duration is in hundredths of a second: from the field of that name, or from
// the end; 0 where the log has neither.
func (r *rowReader) duration(f *Flow) (uint32, bool) {
	if v := r.values[fieldDuration]; v != nil {
		seconds, ok := span(v)
		return uint32(min(max(seconds*100, 0), float64(maxDuration))), ok
	}
	if v := r.values[fieldEnd]; v != nil {
		date, at, ok := r.time.read(v)
		lasted := moment(date, at) - moment(f.Date, f.Time)
		return uint32(min(max(lasted, 0), maxDuration)), ok
	}
	return 0, true
}

// span reads a length of time in seconds, or as nfdump 1.7 writes it for
// people: 00:01:02.500, and 1d 00:01:02.500 beyond a day.
func span(v []byte) (seconds float64, ok bool) {
	if bytes.IndexByte(v, ':') < 0 {
		seconds, err := strconv.ParseFloat(string(v), 64)
		return seconds, err == nil && seconds == seconds // not NaN
	}
	var total float64
	if days, rest, found := bytes.Cut(v, []byte("d ")); found {
		n, err := strconv.ParseUint(string(days), 10, 16)
		if err != nil {
			return 0, false
		}
		total, v = float64(n)*24, bytes.TrimSpace(rest)
	}
	parts := bytes.Split(v, []byte(":"))
	if len(parts) != 3 {
		return 0, false
	}
	for i, part := range parts {
		n, err := strconv.ParseFloat(string(part), 64)
		if err != nil || !(n >= 0 && n < 100) {
			return 0, false
		}
		if i > 0 {
			total *= 60
		}
		total += n
	}
	return total, true
}

// maxDuration is a bound of durations, in hundredths of a second: a year.
const maxDuration = 366 * int64(flow.Day)

// moment counts hundredths of a second from the first of all days.
func moment(d Date, t flow.Time) int64 { return int64(d)*int64(flow.Day) + int64(t) }
