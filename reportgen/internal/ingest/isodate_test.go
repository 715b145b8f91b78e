package ingest

import (
	"testing"
	"time"
)

// FuzzISODate compares dates with those that the standard library reads.
func FuzzISODate(f *testing.F) {
	for _, s := range []string{
		"2024-04-19T12:34:56Z", "2024-02-29 23:59:59.123456789", "2024/12/31T00:00:00,5-0530", "2023-02-29T00:00:00", "2024-04-19T12:34:56+02:00",
		"2024-10-27T02:30:00", "2024-03-31 02:30:00.1", "0000-01-01T00:00:00Z", "2024-04-31T12:00:00", "2024-04-19T12:34:56.", "2024-04-19T12:34:56+2400", "2024-04-19T12:34:56.1234567891234Z",
	} {
		f.Add(s)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Skip(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := isoDate([]byte(s), berlin)
		if !ok {
			return
		}
		layout := "2006-01-02T15:04:05"
		if s[4] == '/' {
			layout = "2006/01/02T15:04:05"
		}
		if s[10] == ' ' {
			layout = layout[:10] + " " + layout[11:]
		}
		for _, zone := range []string{"", "Z07:00", "-0700", "-07:00"} {
			if want, err := time.ParseInLocation(layout+zone, s, berlin); err == nil {
				if !want.Equal(at) {
					t.Errorf("%q: %v, want %v", s, at, want)
				}
				return
			}
		}
		t.Errorf("%q: %v, which is not a date", s, at)
	})
}
