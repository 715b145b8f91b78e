package nb

import (
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

// The sample weeks are a history of thirteen days, and their last day has findings
// that are new, that go on, and that ended.
func TestHistory(t *testing.T) {
	days, err := openDays("sample:fortnight")
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
	if _, err := openDays(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no day") {
		t.Errorf("an empty folder: %v", err)
	}
}
