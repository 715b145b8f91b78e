package ingest

import (
	"time"
)

// isoDate reads a date of the form that most logs have, many times faster than
// [time.Parse]: 2006-01-02T15:04:05, with slashes or a blank for the other separators,
// decimals, and an offset or Z at the end. Without an offset the date is in a location, if
// one is given.
// It returns false for any other text, which may be a date of another form.
func isoDate(v []byte, loc *time.Location) (at time.Time, ok bool) {
	const length = len("2006-01-02T15:04:05")
	if len(v) < length || v[4] != '-' && v[4] != '/' || v[7] != v[4] || v[10] != 'T' && v[10] != ' ' || v[13] != ':' || v[16] != ':' {
		return at, false
	}
	var n [7]int // century, year, month, day, hour, minute, second
	for i, from := range [7]int{0, 2, 5, 8, 11, 14, 17} {
		if n[i], ok = twoDigits(v[from:]); !ok {
			return at, false
		}
	}
	nanoseconds, rest := decimals(v[length:])
	offset, known, ok := zoneOffset(rest)
	if !ok {
		return at, false
	}
	if known {
		loc = time.UTC
	} else if loc == nil {
		return at, false
	}
	at = time.Date(n[0]*100+n[1], time.Month(n[2]), n[3], n[4], n[5], n[6], nanoseconds, time.UTC)
	if int(at.Month()) != n[2] || at.Day() != n[3] || at.Hour() != n[4] || at.Minute() != n[5] || at.Second() != n[6] {
		return at, false // the 31st of April, for example
	}
	if loc != time.UTC {
		return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), nanoseconds, loc), true
	}
	return at.Add(-offset), true
}

// decimals reads the decimals of a second as nanoseconds, and returns what follows.
func decimals(v []byte) (nanoseconds int, rest []byte) {
	if len(v) < 2 || v[0] != '.' && v[0] != ',' || v[1]-'0' > 9 {
		return 0, v
	}
	n := 1
	for scale := 100_000_000; n < len(v) && v[n]-'0' <= 9; n, scale = n+1, scale/10 {
		nanoseconds += int(v[n]-'0') * scale
	}
	return nanoseconds, v[n:]
}

// zoneOffset reads Z or an offset such as +0200 or +02:00. An empty text has no offset.
func zoneOffset(v []byte) (offset time.Duration, known, ok bool) {
	switch {
	case len(v) == 0:
		return 0, false, true
	case len(v) == 1 && v[0] == 'Z':
		return 0, true, true
	case len(v) != 5 && (len(v) != 6 || v[3] != ':') || v[0] != '+' && v[0] != '-':
		return 0, false, false
	}
	hours, ok1 := twoDigits(v[1:])
	minutes, ok2 := twoDigits(v[len(v)-2:])
	if !ok1 || !ok2 || hours > 23 || minutes > 59 {
		return 0, false, false
	}
	if offset = time.Duration(hours*60+minutes) * time.Minute; v[0] == '-' {
		offset = -offset
	}
	return offset, true, true
}

// twoDigits reads the two digits that a text begins with.
func twoDigits(v []byte) (int, bool) {
	a, b := v[0]-'0', v[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
