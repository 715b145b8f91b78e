package engine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNth compares the values at places of many lists, long enough to be counted in buckets or not, with those of
// the sorted list.
func TestNth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, value := range map[string]func() int64{
		"small":  func() int64 { return r.Int64N(3) },
		"even":   func() int64 { return r.Int64N(1 << 20) },
		"skewed": func() int64 { return int64(math.Exp(40 * r.Float64())) },
		"equal":  func() int64 { return 77_777 },
		"large":  func() int64 { return math.MaxInt64 - r.Int64N(2) },
	} {
		for _, size := range []int{1, 2, 100, bucketedLeast + 1, 3 * bucketedLeast} {
			values := make([]int64, size)
			for i := range values {
				values[i] = value()
			}
			sorted := slices.Sorted(slices.Values(values))
			for _, n := range []int{0, size / 3, size / 2, size * 19 / 20, size - 1} {
				v, next := nth(slices.Clone(values), n)
				if want := sorted[min(n+1, size-1)]; v != sorted[n] || next != want {
					t.Errorf("%s, place %d of %d: %d and then %d, not %d and %d", name, n, size, v, next, sorted[n], want)
				}
			}
		}
	}
}
