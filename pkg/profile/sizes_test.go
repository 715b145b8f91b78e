package profile_test

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// sizesOf draws n sizes of at most that many distinct values, of all orders of
// magnitude.
func randomSizes(rng *rand.Rand, n, distinct int) []int64 {
	values := make([]int64, distinct)
	for i := range values {
		values[i] = rng.Int64() >> rng.IntN(63)
	}
	sizes := make([]int64, n)
	for i := range sizes {
		sizes[i] = values[rng.IntN(distinct)]
	}
	return sizes
}

func same(a, b profile.Sizes) bool {
	return a.Exact() == b.Exact() && maps.Equal(maps.Collect(a.All()), maps.Collect(b.All()))
}

func TestSizesAreTheSameHoweverSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 500 {
		sizes := randomSizes(rng, rng.IntN(200), 1+rng.IntN(40))
		want := profile.SizesOf(sizes...)
		parts := make([][]int64, 1+rng.IntN(6))
		for _, i := range rng.Perm(len(sizes)) {
			k := rng.IntN(len(parts))
			parts[k] = append(parts[k], sizes[i])
		}
		var got profile.Sizes
		for _, part := range parts {
			got = profile.AddSizes(profile.SizesOf(part...), got)
		}
		if !same(got, want) || got.Flows() != int64(len(sizes)) {
			t.Fatalf("%d sizes in %d parts: %v, want %v", len(sizes), len(parts), got, want)
		}
	}
}

func TestSizesAreExactWhileFew(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for distinct := 1; distinct <= 40; distinct++ {
		want := map[int64]int64{}
		var sizes []int64
		for i := range 400 {
			x := int64(i%distinct) * 1_000_003
			sizes = append(sizes, x)
			want[x]++
		}
		rng.Shuffle(len(sizes), func(i, j int) { sizes[i], sizes[j] = sizes[j], sizes[i] })
		s := profile.SizesOf(sizes...)
		if s.Exact() != (distinct <= 16) {
			t.Errorf("%d distinct sizes: exact is %v", distinct, s.Exact())
		}
		if s.Exact() && !maps.Equal(maps.Collect(s.All()), want) {
			t.Errorf("%d distinct sizes: %v, want %v", distinct, s, want)
		}
	}
}

// What is rounded is rounded down, by less than an eighth.
func TestSizesAreRoundedByLessThanAnEighth(t *testing.T) {
	edges := []int64{0, 1, 7, 8, 15, 16, 17, 1<<31 - 1, 1 << 31, 1<<31 + 1, 1 << 40, math.MaxInt64}
	rng := rand.New(rand.NewPCG(6, 6))
	for _, x := range append(edges, randomSizes(rng, 1000, 1000)...) {
		// Sixteen more sizes make the distribution a rounded one.
		s := profile.SizesOf(x)
		for i := range int64(17) {
			s = profile.AddSizes(s, profile.SizesOf(i*8))
		}
		if s.Exact() {
			t.Fatal("still exact")
		}
		near := slices.ContainsFunc(slices.Collect(maps.Keys(maps.Collect(s.All()))), func(y int64) bool {
			return y <= x && float64(x-y) <= float64(x)/8
		})
		if !near {
			t.Errorf("%d is rounded to none of %v", x, s)
		}
	}
}

// A Builder counts the sizes of conversations of any length.
func TestBuilderSizes(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for _, n := range []int{1, 3, 4, 5, 15, 16, 17, 33, 1000} {
		for _, distinct := range []int{1, 2, 16, 17, 500} {
			sizes := randomSizes(rng, n, distinct)
			b := profile.NewBuilder()
			for i, up := range sizes {
				for port := range uint16(3) { // whose lists grow in turn
					b.Add(flow.Record{Time: flow.Time(i), Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("::1"), Port: port, Up: up})
				}
			}
			for _, c := range b.Profile().Conversations {
				if want := profile.SizesOf(sizes...); !same(c.Sizes, want) {
					t.Errorf("%d flows of %d sizes: %v, want %v", n, distinct, c.Sizes, want)
				}
			}
		}
	}
}

// Sizes of all orders of magnitude survive being written and read.
func TestSizesSurviveTheCodec(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 2))
	b := profile.NewBuilder()
	for port := range uint16(300) {
		for _, up := range randomSizes(rng, 1+rng.IntN(90), 1+rng.IntN(30)) {
			b.Add(flow.Record{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("::1"), Port: port, Up: up})
		}
	}
	p := b.Profile()
	got, err := profile.Decode(bytes.NewReader(testenv.Encoded(t, profile.Encode, p)))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range p.Conversations {
		if !same(c.Sizes, got.Conversations[i].Sizes) {
			t.Errorf("port %d: %v, want %v", c.Port, got.Conversations[i].Sizes, c.Sizes)
		}
	}
}

// A program that reports sends the same few bytes each time.
func ExampleSizes() {
	s := profile.SizesOf(80, 80, 252, 80)
	for size, flows := range s.All() {
		fmt.Println(size, "bytes in", flows, "flows")
	}
	// Output:
	// 80 bytes in 3 flows
	// 252 bytes in 1 flows
}
