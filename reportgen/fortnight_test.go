package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/changes"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// TestFortnight compares each of the sample weeks' days with the day before. An attack is new on the day on which it begins,
// neither new nor gone while it goes on, and gone on the day after its last.
func TestFortnight(t *testing.T) {
	days := testenv.Path(t, "testdata", "fortnight")
	source, err := os.ReadFile(filepath.Join(days, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Days []struct {
			Date    string
			Planted []struct{ Rule, Entity string }
		}
	}
	if err := json.Unmarshal(source, &truth); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	dir, seen := t.TempDir(), map[string]bool{}
	var before string
	var was map[string]bool
	for _, day := range truth.Days[len(truth.Days)-8:] {
		is := map[string]bool{}
		for _, p := range day.Planted {
			is[p.Rule+" "+p.Entity] = true
		}
		status, out, messages := reportgen(t, "detect", "--days", days, "--test", day.Date, "--coverage", "--format", "json",
			"--country", filepath.Join(days, "country.mmdb"), "--asn", filepath.Join(days, "asn.mmdb"))
		if status != exit.Done {
			t.Fatalf("%s: status %d: %s", day.Date, status, messages)
		}
		file := filepath.Join(dir, day.Date+".jsonl")
		testenv.WriteFiles(t, dir, map[string]string{day.Date + ".jsonl": out})
		if before != "" {
			_, out, messages = reportgen(t, "diff", "--format", "json", before, file)
			kinds := map[string]changes.Kind{}
			decoder := json.NewDecoder(strings.NewReader(out))
			for decoder.More() {
				var c changes.Change
				if err := decoder.Decode(&c); err != nil {
					t.Fatal(err, messages)
				}
				for _, entity := range c.Entities {
					kinds[fmt.Sprint(c.Rule, " ", entity)] = c.Kind
				}
			}
			both := maps.Clone(was)
			maps.Copy(both, is)
			for _, attack := range slices.Sorted(maps.Keys(both)) {
				want := "goes on"
				switch {
				case !was[attack]:
					want = "begins"
				case !is[attack]:
					want = "ends"
				}
				got := map[changes.Kind]string{
					changes.New: "begins", changes.Back: "begins", changes.Louder: "goes on", changes.Ongoing: "goes on", changes.Quieter: "goes on", changes.Gone: "ends",
				}[kinds[attack]]
				if got != want {
					t.Errorf("%s: %s %s, but diff says %q", day.Date, attack, want, kinds[attack])
				}
				seen[want] = true
			}
		}
		before, was = file, is
	}
	if len(seen) != 3 {
		t.Errorf("the weeks have days on which an attack %v only", slices.Sorted(maps.Keys(seen)))
	}
}
