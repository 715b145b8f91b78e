package filename_test

import (
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/filename"
)

func TestDate(t *testing.T) {
	for path, want := range map[string]string{
		"/days/2024-04-21.parquet":                    "2024-04-21",
		"/days/conn-20240421T1200.parquet":            "2024-04-21",
		"/days/date=2024-04-21/flows.parquet":         "2024-04-21",
		"/logs-2024-04-21/flows.parquet":              "",
		"/days/date=2024-04-21/region=eu/a/x.parquet": "2024-04-21",
		"/2024-04-20/2024-04-21.parquet":              "2024-04-21",
		"/2024-04-20_2024-04-21.parquet":              "",
		"/days/day.parquet":                           "",
		"/days/2024-13-21.parquet":                    "",
		"/1234-04-21.parquet":                         "",
		"/days/2024-0421.parquet":                     "",
	} {
		got := ""
		if d := filename.Date(path); !d.IsZero() {
			got = d.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
