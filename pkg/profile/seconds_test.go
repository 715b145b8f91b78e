package profile_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/profile"
)

func TestSecondsAgreeWithAMap(t *testing.T) {
	// Sizes on both sides of the point where the list becomes a bitmap.
	for _, n := range []int{0, 1, 2, 100, 2699, 2700, 2701, 2702, 5400, 86_400} {
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		want := map[uint32]bool{}
		for len(want) < n {
			want[uint32(rng.IntN(profile.SecondsPerDay))] = true
		}
		all := slices.Collect(maps.Keys(want))
		some := append(slices.Clone(all), all[:n/3]...) // with repetitions
		rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })

		sorted := slices.Sorted(maps.Keys(want))
		whole := profile.SecondsOf(some...)
		joined := profile.Union(profile.SecondsOf(some[:n/2]...), profile.SecondsOf(some[n/2:]...))
		for name, s := range map[string]profile.Seconds{"whole": whole, "joined": joined} {
			if got := slices.Collect(s.All()); !slices.Equal(got, sorted) || s.Len() != n {
				t.Errorf("%s of %d: %d seconds in another order or number", name, n, s.Len())
			}
		}
		for i, gap := range whole.Gaps() {
			if gap != sorted[i+1]-sorted[i] {
				t.Fatalf("gap %d of %d is %d, want %d", i, n, gap, sorted[i+1]-sorted[i])
			}
		}
	}
}
