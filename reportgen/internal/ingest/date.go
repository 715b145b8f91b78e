package ingest

import (
	"fmt"
	"time"
	_ "time/tzdata" // zones must be known on a machine without time zone files
)

// Date is a day of the calendar, in days since 1 January 1970.
type Date int32

const secondsPerDay = 24 * 60 * 60

// ParseDate reads a date in the form 2024-04-19.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q: want a date such as 2024-04-21", s)
	}
	return Date(floorDiv(t.Unix(), secondsPerDay)), nil
}

// ParseZone reads the name of a time zone, such as Europe/Lisbon, UTC or Local. Of an
// empty name it returns nil.
func ParseZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%w; give a name such as Europe/Lisbon", err)
	}
	return zone, nil
}

// String writes the date as 2024-04-19.
func (d Date) String() string {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Format(time.DateOnly)
}
