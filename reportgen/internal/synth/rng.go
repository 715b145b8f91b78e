package synth

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
)

// rng is a stream of random numbers. Floating-point results are rounded to
// whole bytes and hundredths of a second before they leave this package, so
// that the last bit of a machine's exponential does not show.
type rng struct{ *rand.Rand }

// stream gives the stream of a purpose, such as "test", "192.168.100.7",
// "sessions". Streams of different labels are independent.
func (p *Plan) stream(labels ...string) rng {
	seed := sha256.Sum256(fmt.Appendf(nil, "flowbook synth %d %s", p.opts.Seed, strings.Join(labels, "\x00")))
	return rng{rand.New(rand.NewChaCha8(seed))}
}

// between is uniform in [lo, hi).
func (r rng) between(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// logUniform is uniform in the logarithm, from lo to hi.
func (r rng) logUniform(lo, hi float64) float64 {
	return math.Exp(r.between(math.Log(lo), math.Log(hi)))
}

// logNormal has the given mean; sigma is the standard deviation of the
// logarithm. The median is mean·exp(−sigma²/2).
func (r rng) logNormal(mean, sigma float64) float64 {
	return mean * math.Exp(sigma*r.NormFloat64()-sigma*sigma/2)
}

// gamma has the given mean and coefficient of variation, at most 1 (Marsaglia
// and Tsang, A Simple Method for Generating Gamma Variables, 2000).
func (r rng) gamma(mean, cv float64) float64 {
	shape := 1 / (cv * cv)
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return mean / shape * d * v
		}
	}
}

// chance is true with the given probability.
func (r rng) chance(probability float64) bool { return r.Float64() < probability }

// weighted picks items in proportion to their weights.
type weighted[T any] struct {
	items []T
	sums  []float64 // running sum of the weights
}

func (w *weighted[T]) add(item T, weight float64) {
	sum := weight
	if n := len(w.sums); n > 0 {
		sum += w.sums[n-1]
	}
	w.items = append(w.items, item)
	w.sums = append(w.sums, sum)
}

// total is the sum of all weights.
func (w *weighted[T]) total() float64 {
	if len(w.sums) == 0 {
		return 0
	}
	return w.sums[len(w.sums)-1]
}

func (w *weighted[T]) pick(r rng) T {
	x := r.Float64() * w.total()
	i := sort.Search(len(w.sums)-1, func(i int) bool { return w.sums[i] > x })
	return w.items[i]
}

// sample picks n of the items, without picking one twice (Efraimidis and
// Spirakis, Weighted random sampling with a reservoir, 2006).
func (w *weighted[T]) sample(r rng, n int) *weighted[T] {
	type keyed struct {
		key    float64
		item   T
		weight float64
	}
	all := make([]keyed, len(w.items))
	before := 0.0
	for i, item := range w.items {
		weight := w.sums[i] - before
		before = w.sums[i]
		all[i] = keyed{-math.Log(1-r.Float64()) / weight, item, weight}
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	var s weighted[T]
	for _, k := range all[:min(n, len(all))] {
		s.add(k.item, k.weight)
	}
	return &s
}
