package compare

import (
	"strings"
	"testing"
)

// What two lists have in common has the same length in both, and equal lists have no differences.
func FuzzDifferences(f *testing.F) {
	f.Add("abcabba", "cbabac")
	f.Add("", "x")
	f.Add("same", "same")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := strings.Split(a, ""), strings.Split(b, "")
		if len(x)*len(y) > 10_000 {
			t.Skip()
		}
		lost, won := 0, 0
		for _, run := range differences(x, y, func(s string) string { return s }) {
			if len(run[0])+len(run[1]) == 0 {
				t.Error("an empty run")
			}
			lost, won = lost+len(run[0]), won+len(run[1])
		}
		if len(x)-lost != len(y)-won {
			t.Errorf("%d of %d and %d of %d items are the same", len(x)-lost, len(x), len(y)-won, len(y))
		}
		if (a == b) != (lost+won == 0) && len(x) == len([]rune(a)) {
			t.Errorf("%q and %q: %d lost, %d won", a, b, lost, won)
		}
	})
}
