package profile

import (
	"math"
	"math/rand/v2"
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

// TestSizeCounter counts random sizes beside Sizes.
func TestSizeCounter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		var z sizeCounter
		var want Sizes
		spread := rng.IntN(62)
		for range 1 + rng.IntN(100) {
			code := sizeCode(rng.Int64N(1 << (1 + rng.IntN(1+spread))))
			z.add(code)
			want.add(code, 1)
		}
		if diff := cmp.Diff(want, z.sizes(), cmp.AllowUnexported(Sizes{}, sizeCount{})); diff != "" {
			t.Fatal(diff)
		}
	}
}
