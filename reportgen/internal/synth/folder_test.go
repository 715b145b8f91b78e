package synth

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A folder of days is written as a whole, and refused if a day of other options is
// in it.
func TestWeeksFolder(t *testing.T) {
	weeks, err := NewWeeks(WeeksOptions{Seed: 3, Days: 2, Hosts: MinHosts, Flows: 50 * MinHosts, Start: time.Date(2024, 3, 8, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "days")
	for range 2 { // the same days replace those of an earlier run
		if err := weeks.checkFolder(dir); err != nil {
			t.Fatal(err)
		}
		var names []string
		if err := weeks.WriteFolder(t.Context(), dir, func(name string, flows int64) {
			if flows == 0 {
				t.Errorf("%s has no flows", name)
			}
			names = append(names, name)
		}); err != nil {
			t.Fatal(err)
		}
		if want := []string{"date=2024-03-08", "date=2024-03-09"}; !slices.Equal(names, want) {
			t.Errorf("wrote %v, want %v", names, want)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	var truth WeeksTruth
	if err := errors.Join(err, json.Unmarshal(b, &truth)); err != nil || len(truth.Days) != 2 {
		t.Errorf("truth.json has %d days, %v", len(truth.Days), err)
	}
	if err := os.Mkdir(filepath.Join(dir, "date=2024-03-10"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := weeks.checkFolder(dir); err == nil || !strings.Contains(err.Error(), "date=2024-03-10") {
		t.Errorf("a day of another run: %v", err)
	}
}

// An attack counts once however many days it lasts.
func TestAttacks(t *testing.T) {
	beacon, scan := Planted{Rule: "beacon"}, Planted{Rule: "internal-scan"}
	truth := WeeksTruth{Days: []DayTruth{{Planted: []Planted{beacon}}, {}, {Planted: []Planted{beacon, scan}}}}
	if got := truth.attacks(); got != 2 {
		t.Errorf("%d attacks, want 2", got)
	}
}
