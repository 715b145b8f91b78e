package ingest

import (
	"fmt"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Date is a day of the calendar, in days since 1 January 1970.
type Date int32

const secondsPerDay = 24 * 60 * 60

// ParseDate reads a date in the form 2024-04-19.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("date %q is not of the form 2024-04-19", s)
	}
	return Date(floorDiv(t.Unix(), secondsPerDay)), nil
}

// String writes the date as 2024-04-19.
func (d Date) String() string {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}

// clock tells the local date and time of day of a moment.
type clock struct {
	loc *time.Location
}

// at splits a moment, in seconds since 1970 and hundredths of a second, into
// the local date and the time that a clock on the wall shows. Where summer
// time ends, an hour of the day is therefore met twice; where it begins, one
// is missing.
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
