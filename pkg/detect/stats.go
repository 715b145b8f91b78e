package detect

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// madToSigma turns a median absolute deviation into the standard deviation of
// a normal distribution: 1 ÷ Φ⁻¹(3/4).
const madToSigma = 1.4826

// madEfficiency is how much of a sample a MAD makes use of, relative to the
// standard deviation (Rousseeuw and Croux, 1993): 200 values tell as much as
// 74 would.
const madEfficiency = 0.37

// minScale is the least spread taken for real, on a natural logarithm: values
// within about a tenth of each other are the same.
const minScale = 0.1

// spread is a robust picture of a sample, mostly of logarithms: where its
// middle is and how far its upper half reaches.
type spread struct {
	n             int
	median, scale float64
}

// spreadOf returns the spread of values. The scale is the larger of the MAD
// and of what the 90th percentile says, each as the standard deviation of a
// normal distribution: the second keeps a sample with a heavy tail from being
// taken for a tight one, and both stay put while fewer than one in ten values
// are wrong.
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
	tail := (stat.Quantile(0.9, stat.LinInterp, sorted, nil) - s.median) / distuv.UnitNormal.Quantile(0.9)
	s.scale = max(madToSigma*median(deviations), tail, minScale)
	return s
}

// lowerSpreadOf is spreadOf for values that are unusual when small: the spread
// of the negated values.
func lowerSpreadOf(values []float64) spread {
	negated := make([]float64, len(values))
	for i, v := range values {
		negated[i] = -v
	}
	return spreadOf(negated)
}

// reach is how far above the median the limit stands, for a sensitivity of k
// standard deviations. Of a small sample the spread is not well known, so k
// grows as Student's t does over the normal distribution: 3.5 becomes 3.7 with
// 200 values, 6 with 20 and a thousand with three. noise is the standard error
// of the value compared, such as that of a count.
func (s spread) reach(k, noise float64) float64 {
	if s.n < 2 {
		return math.Inf(1)
	}
	t := distuv.StudentsT{Sigma: 1, Nu: max(1, madEfficiency*float64(s.n-1))}
	return -t.Quantile(distuv.UnitNormal.CDF(-k)) * math.Hypot(s.scale, noise)
}

// limit is the value from which x is unusual.
func (s spread) limit(k float64) float64 { return s.median + s.reach(k, 0) }

// excess is how far x lies above the median in units of the way to the limit:
// 1 at the limit, 0 at the median or where there is nothing to compare with.
func (s spread) excess(x, k float64) float64 { return s.excessNoisy(x, k, 0) }

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
	from := fmt.Sprintf("%s: median %.3g of %d, times exp(%.3g) for %.3g robust standard deviations of the logarithm",
		of, math.Exp(s.median), s.n, s.reach(k, 0), s.reach(k, 0)/s.scale)
	return []Threshold{{Name: name, Value: v, Unit: unit, From: from}}
}

// countNoise is the standard error of the logarithm of a quotient of two
// Poisson counts.
func countNoise(a, b float64) float64 { return math.Sqrt(1/a + 1/b) }

// median returns the median of sorted values, 0 where there are none.
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
