package dates_test

import (
	"testing"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/dates"
)

func TestRead(t *testing.T) {
	for value, want := range map[string]time.Time{
		"":           {},
		"0":          time.Unix(0, 0).UTC(),
		"1713614400": time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC),
	} {
		t.Setenv(dates.EpochVariable, value)
		if got, err := dates.Epoch(); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", value, got, err, want)
		}
	}
	for _, value := range []string{"yesterday", "-1", "1.5", "99999999999999999999"} {
		t.Setenv(dates.EpochVariable, value)
		if got, err := dates.Epoch(); err == nil {
			t.Errorf("%q: %v and no error", value, got)
		}
	}
}
