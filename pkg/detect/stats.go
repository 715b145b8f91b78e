package detect

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/dustin/go-humanize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// madToSigma turns a median absolute deviation into the standard deviation of
// a normal distribution: 1 ÷ Φ⁻¹(3/4).
const madToSigma = 1.4826

// minScale is the least spread taken for real, on a natural logarithm: values
// within about a tenth of each other are the same.
const minScale = 0.1

// spread is a robust picture of a sample, mostly of logarithms: where its
// middle is and how far its upper half reaches.
type spread struct {
	n             int
	median, scale float64
	noise         float64 // median standard error of the values; part of scale
}

// oddShare and oddCount say how many values of a sample may be odd without
// moving its spread: one in twenty, or a handful of special machines in a small
// network.
const (
	oddShare = 0.05
	oddCount = 4
)

// spreadOf returns the spread of values. The scale is the larger of the MAD and
// of what a high quantile says, each as the standard deviation of a normal
// distribution: the second keeps a skewed or heavy-tailed sample from being
// taken for a tight one. The quantile is the highest that leaves out the values
// that may be odd, and the third quartile at least.
func spreadOf(values []float64) spread {
	n := len(values)
	if n == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	s := spread{n: n, median: median(sorted)}
	deviations := make([]float64, n)
	for i, v := range sorted {
		deviations[i] = math.Abs(v - s.median)
	}
	slices.Sort(deviations)
	p := max(0.75, 1-max(oddShare, oddCount/float64(n)))
	tail := (stat.Quantile(p, stat.LinInterp, sorted, nil) - s.median) / distuv.UnitNormal.Quantile(p)
	s.scale = max(madToSigma*median(deviations), tail, minScale)
	return s
}

// lowerSpreadOf is noisySpreadOf for values that are unusual when small: the spread
// of the negated values.
func lowerSpreadOf(values, noises []float64) spread {
	negated := make([]float64, len(values))
	for i, v := range values {
		negated[i] = -v
	}
	return noisySpreadOf(negated, noises)
}

// noisySpreadOf is spreadOf for values that are known to some standard errors,
// such as logarithms of small counts.
func noisySpreadOf(values, noises []float64) spread {
	s := spreadOf(values)
	s.noise = median(slices.Sorted(slices.Values(noises)))
	return s
}

// priorPeers is how many hosts a prior stands for where a sample is too small,
// and priorCertainty how many its spread is as certain as.
const (
	priorPeers     = 10
	priorCertainty = 100
)

// orPrior returns s, or if it is of too few values to learn from, s mixed with
// what is known beforehand. Without a history the values are those of the day
// under test, and a few of these are what is looked for.
func (c *Context) orPrior(s, prior spread) spread {
	switch {
	case s.n >= leastPeers:
		return s
	case len(c.past) == 0:
		s.n = 0
	}
	n, m := float64(s.n), float64(priorPeers)
	return spread{n: priorCertainty, noise: s.noise,
		median: (n*s.median + m*prior.median) / (n + m),
		scale:  math.Sqrt((n*s.scale*s.scale + m*prior.scale*prior.scale) / (n + m))}
}

// reach is how far above the median the limit is, for a sensitivity of k
// standard deviations and a value of the given standard error. Of a small
// sample the scale is not well known, so k grows as Student's t does over the
// normal distribution: 3.5 becomes 3.6 with 200 values, 4.3 with 20 and 33 with
// three. What the sample owes to its own values' noise is taken out of the
// scale before the value's is put in.
func (s spread) reach(k, noise float64) float64 {
	if s.n < 2 {
		return math.Inf(1)
	}
	own := math.Sqrt(max(s.scale*s.scale-s.noise*s.noise, minScale*minScale))
	return studentTail(s.n-1, k) * math.Hypot(own, noise)
}

// studentTails remembers what studentTail gave: a day asks for the same few
// quantiles a million times, and each is a search.
var studentTails sync.Map // of [2]float64, the arguments, to float64

// studentTail is the number of standard deviations that Student's t with nu
// degrees of freedom exceeds as seldom as a normal value exceeds k.
func studentTail(nu int, k float64) float64 {
	key := [2]float64{float64(nu), k}
	if v, ok := studentTails.Load(key); ok {
		return v.(float64)
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(nu)}
	v := -t.Quantile(distuv.UnitNormal.CDF(-k))
	studentTails.Store(key, v)
	return v
}

// limit is the value from which a value as noisy as the sample's is unusual.
func (s spread) limit(k float64) float64 { return s.median + s.reach(k, s.noise) }

// excess is how far x is above the median, in units of the distance to the limit:
// 1 at the limit, 0 at the median or if there is nothing to compare with.
func (s spread) excess(x, k float64) float64 { return s.excessNoisy(x, k, s.noise) }

// excessNoisy is excess for an x of the given standard error.
func (s spread) excessNoisy(x, k, noise float64) float64 {
	return (x - s.median) / s.reach(k, noise)
}

// threshold describes the limit of a spread of logarithms; it is empty where
// there were too few values to learn a limit from.
func (s spread) threshold(name, unit string, k float64, of string) []Threshold {
	v := math.Exp(s.limit(k))
	if s.n < 2 || math.IsInf(v, 0) {
		return nil
	}
	from := fmt.Sprintf("%s %s: median %s, multiplied by %.3g, which is %.3g robust standard deviations on a logarithmic scale",
		humanize.Comma(int64(s.n)), of, quantity(math.Exp(s.median), unit), math.Exp(s.reach(k, s.noise)), s.reach(k, s.noise)/s.scale)
	return []Threshold{{Name: name, Value: v, Unit: unit, From: from}}
}

// tailShare is the share of a sample that is above its tail's limit.
const tailShare = 0.05

// tail is where the largest values of a sample of logarithms begin. It suits
// samples that are too heavy-tailed for a spread and large enough to show their
// tail.
type tail struct {
	n             int
	median, limit float64
}

// tailOf returns the tail of values. The limit leaves out the largest one in
// twenty, and one value at least, so that no single odd one sets it.
func tailOf(values []float64) tail {
	n := len(values)
	if n < 2 {
		return tail{n: n}
	}
	sorted := slices.Sorted(slices.Values(values))
	return tail{n, median(sorted), sorted[n-1-tailCount(n)]}
}

// tailCount is how many of n values are above the limit.
func tailCount(n int) int { return max(1, int(tailShare*float64(n))) }

// at is the limit for a sensitivity of k: that of the sample for the default,
// proportionally nearer to or farther from the median for others. It is at
// least minScale above the median.
func (t tail) at(k float64) float64 {
	return t.median + max(t.limit-t.median, minScale)*k/DefaultSensitivity
}

// excess is how far x is above the median, in units of the distance to the limit.
func (t tail) excess(x, k float64) float64 { return (x - t.median) / (t.at(k) - t.median) }

func (t tail) threshold(name, unit string, k float64, of string) Threshold {
	return Threshold{Name: name, Value: math.Exp(t.at(k)), Unit: unit,
		From: fmt.Sprintf("%s %s: median %s; the %d largest are left out", humanize.Comma(int64(t.n)), of, quantity(math.Exp(t.median), unit), tailCount(t.n))}
}

// countNoise is the standard error of the logarithm of the ratio of two Poisson
// counts.
func countNoise(a, b float64) float64 { return math.Sqrt(1/a + 1/b) }

// median returns the median of sorted values, 0 if there are none.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// ratio returns a ÷ b, or 0 where b is 0.
func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// logOf is the logarithm of a count, 0 of zero.
func logOf(n int64) float64 { return math.Log(float64(max(n, 1))) }

// round3 rounds to three decimals.
func round3(x float64) float64 { return math.Round(x*1000) / 1000 }
