package profile

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSizeBin compares the numbers of rounded sizes with their codes.
func TestSizeBin(t *testing.T) {
	last := -1
	for _, size := range []int64{
		0, 1, 7, 8, 9, 15, 16, 17, 18, 31, 32, 1500, 1 << 20, 1<<31 - 1, 1 << 31, 1<<31 + 1<<28, 1 << 40, math.MaxInt64,
	} {
		code := sizeCode(size)
		bin := sizeBin(code)
		if bin < last || binCode(bin) != coarseCode(code) {
			t.Errorf("size %d: bin %d after %d, of code %d, want %d", size, bin, last, binCode(bin), coarseCode(code))
		}
		last = bin
	}
}

// TestSizeCounter counts random sizes beside a map: one by one, all at once,
// and in two parts that are added. The counter must be empty after each.
func TestSizeCounter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var z sizeCounter
	for range 2000 {
		spread := rng.IntN(62)
		codes := make([]uint32, 1+rng.IntN(100))
		exact, rounded := map[uint32]uint32{}, map[uint32]uint32{}
		for i := range codes {
			codes[i] = sizeCode(rng.Int64N(1 << (1 + rng.IntN(1+spread))))
			exact[codes[i]]++
			rounded[coarseCode(codes[i])]++
		}
		want := exact
		if len(exact) > sizesExact {
			want = rounded
		}
		for _, code := range codes {
			z.add(code, 1)
		}
		one := Sizes{z.take(nil)}
		k := rng.IntN(len(codes))
		parts := AddSizes(Sizes{z.appendSizes(nil, slices.Clone(codes[:k]))}, Sizes{z.appendSizes(nil, slices.Clone(codes[k:]))})
		all := Sizes{z.appendSizes(nil, codes)}
		for name, s := range map[string]Sizes{"one by one": one, "at once": all, "in parts": parts} {
			if diff := cmp.Diff(want, maps.Collect(s.counts())); diff != "" || s.isExact() != (len(exact) <= sizesExact) {
				t.Fatalf("%s: %s", name, diff)
			}
			if !bytes.Equal(s.code, one.code) {
				t.Fatalf("%s: equal distributions have unequal codes", name)
			}
		}
	}
}
