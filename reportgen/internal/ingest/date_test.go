package ingest

import "testing"

func TestDate(t *testing.T) {
	for s, want := range map[string]Date{
		"1970-01-01": 0, "1969-12-31": -1, "1969-12-30": -2, "1970-01-02": 1, "2024-02-29": 19782, "2024-04-19": 19832,
	} {
		got, err := ParseDate(s)
		if err != nil || got != want || got.String() != s {
			t.Errorf("%s: %d (%s), error %v; want %d", s, got, got, err, want)
		}
	}
	for _, s := range []string{"", "2024-02-30", "19.4.2024", "2024-04-19T00:00:00"} {
		if _, err := ParseDate(s); err == nil {
			t.Errorf("%q is taken for a date", s)
		}
	}
}
