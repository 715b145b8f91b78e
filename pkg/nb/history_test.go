package nb

import (
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// The sample weeks are a history of thirteen days, and their last day has findings
// that are new, that go on, and that ended.
func TestHistory(t *testing.T) {
	days, err := openDays("sample:fortnight", time.Time{})
	if err != nil {
		t.Skipf("needs reportgen on PATH or in FLOWBOOK_REPORTGEN: %v", err)
	}
	if len(days) != 14 || days[0].Date.Format("2006-01-02") != "2024-03-08" || days[13].Date.Format("2006-01-02") != "2024-03-21" {
		t.Fatalf("%d days from %v", len(days), days[0].Date)
	}
	run := Open(Inputs{Country: "sample:country.mmdb", ASN: "sample:asn.mmdb"})
	in := run.History("sample:fortnight")
	if len(in.History) != 13 || in.TestDate.Format("2006-01-02") != "2024-03-21" || in.Test == nil || in.Sensitivity != detect.DefaultSensitivity {
		t.Errorf("%d days before %v", len(in.History), in.TestDate)
	}
	if _, err := openDays(t.TempDir(), time.Time{}); err == nil || !strings.Contains(err.Error(), "no day") {
		t.Errorf("an empty folder: %v", err)
	}
}

// The days of a run are those before its test day, without the test day itself.
func TestWithDays(t *testing.T) {
	if _, err := openDays("sample:fortnight", time.Time{}); err != nil {
		t.Skipf("needs reportgen on PATH or in FLOWBOOK_REPORTGEN: %v", err)
	}
	test := testenv.Path(t, "testdata/fortnight/date=2024-03-20/flows.parquet")
	in := Open(Inputs{Test: test, Days: "sample:fortnight"}).WithDays()
	if n := len(in.History); n != 12 || in.History[11].Date.Day() != 19 || in.TestDate.Day() != 20 {
		t.Errorf("%d days before %v", n, in.TestDate)
	}
	if in := Open(Inputs{Test: "sample:test.parquet", Days: "sample:fortnight"}).WithDays(); len(in.History) != 14 || !in.TestDate.IsZero() {
		t.Errorf("%d days before a day without a date", len(in.History))
	}
	before := testenv.Path(t, "testdata/fortnight/date=2024-03-19/flows.parquet")
	if in := Open(Inputs{Baseline: before, Test: test, Days: "sample:fortnight"}).WithDays(); len(in.History) != 12 || in.Baseline != nil {
		t.Errorf("%d days, and a baseline day that is one of them: %t", len(in.History), in.Baseline != nil)
	}
	if in := Open(Inputs{Test: test}).WithDays(); len(in.History) != 0 {
		t.Errorf("%d days, and none were given", len(in.History))
	}
}
