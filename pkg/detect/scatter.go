package detect

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// scatter is a robust picture of points of several coordinates: where its middle
// is, and how far it reaches along axes that are not correlated.
//
// It is the orthogonalised estimator of Maronna and Zamar (Robust Estimates of
// Location and Dispersion for High-Dimensional Datasets, Technometrics 44,
// 2002) in one round: coordinates are standardised by median and robust scale,
// their correlations are those of Gnanadesikan and Kettenring (1972), and the
// points are measured again along the eigenvectors of the correlations. It
// draws nothing at random, needs no more points than coordinates, and is always
// positive definite.
type scatter struct {
	centre, scale []float64  // of each coordinate
	axes          *mat.Dense // columns are eigenvectors, of standardised coordinates
	along         []spread   // of the points, along each axis
	distances     spread     // of the points' own distances, as logDistance
	tail          spread     // the same, with what the farthest one in twenty leave
}

// leastPoints is the fewest points with a scatter to speak of: of fewer, a
// correlation is within 0.6 of anything.
const leastPoints = 10

// scatterOf returns the scatter of points that have the same coordinates, or false
// if there are too few.
func scatterOf(points [][]float64) (scatter, bool) {
	if len(points) < leastPoints {
		return scatter{}, false
	}
	p := len(points[0])
	c := scatter{centre: make([]float64, p), scale: make([]float64, p), along: make([]spread, p)}
	for j := range p {
		s := evenSpreadOf(column(points, j))
		c.centre[j], c.scale[j] = s.median, s.scale
	}
	standard := make([][]float64, len(points))
	for i, x := range points {
		standard[i] = c.standard(x)
	}
	r := correlations(standard)
	c.axes = axesOf(r)
	turned := make([][]float64, len(points))
	for i, z := range standard {
		turned[i] = c.turn(z)
	}
	// What a small sample does not know of correlations is taken for none: the
	// scale along each axis is drawn towards the 1 of independent coordinates.
	unknown := shrinkage(r, len(points))
	for j := range p {
		s := evenSpreadOf(column(turned, j))
		s.scale = math.Sqrt((1-unknown)*s.scale*s.scale + unknown)
		c.along[j] = s
	}
	logs := make([]float64, len(points))
	for i, z := range standard {
		logs[i] = logDistance(c.distance(z))
	}
	c.distances, c.tail = lightSpreadOf(logs), spreadOf(logs)
	return c, true
}

// standard returns a point's coordinates in robust standard deviations from the
// centre. Beyond DefaultSensitivity they count logarithmically, so that what
// one coordinate does alone, however wild, weighs less than what several do.
func (c scatter) standard(x []float64) []float64 {
	z := make([]float64, len(x))
	for j := range x {
		z[j] = compressed((x[j] - c.centre[j]) / c.scale[j])
	}
	return z
}

func compressed(z float64) float64 {
	if a := math.Abs(z); a > DefaultSensitivity {
		return math.Copysign(DefaultSensitivity*(1+math.Log(a/DefaultSensitivity)), z)
	}
	return z
}

// turn returns standardised coordinates along the axes.
func (c scatter) turn(z []float64) []float64 {
	v := mat.NewVecDense(len(z), nil)
	v.MulVec(c.axes.T(), mat.NewVecDense(len(z), z))
	return v.RawVector().Data
}

// distance is the Mahalanobis distance of a standardised point.
func (c scatter) distance(z []float64) float64 {
	sum := 0.0
	for j, v := range c.turn(z) {
		d := (v - c.along[j].median) / c.along[j].scale
		sum += d * d
	}
	return math.Sqrt(sum)
}

// limit is the distance from which a point is unusual, for a sensitivity of k:
// the larger of the limit learned from the points' own distances, although one in
// four may be odd, and the limit that the points of a normal distribution exceed
// by chance on one day of 1 ÷ Φ(−k).
// For the second the size of the chi-squared test of one point is corrected for
// the number of points (Šidák 1967).
func (c scatter) limit(k float64) float64 {
	n := float64(c.distances.n)
	each := -math.Expm1(math.Log1p(-distuv.UnitNormal.CDF(-k)) / n)
	chance := math.Sqrt(chiSquaredTail(each, float64(len(c.centre))))
	return max(unlogDistance(c.distances.limit(k)), chance)
}

// far says whether a distance is beyond what all points but the farthest one in
// twenty teach: those of some points that hang together in their oddity widen it.
func (c scatter) far(distance, k float64) bool { return logDistance(distance) >= c.tail.limit(k) }

// excess is how far beyond the median distance a distance lies, on a
// logarithmic scale: 1 at the limit given, 0 at the median and below.
func (c scatter) excess(distance, limit float64) float64 {
	return max(0, (logDistance(distance)-c.distances.median)/(logDistance(limit)-c.distances.median))
}

// logDistance is the logarithm of a distance, near 0 for one below that of a
// single coordinate.
func logDistance(d float64) float64   { return math.Log1p(d*d) / 2 }
func unlogDistance(l float64) float64 { return math.Sqrt(max(0, math.Expm1(2*l))) }

// chiSquaredTail is the value that chi-squared with nu degrees of freedom
// exceeds with probability p. It is not a quantile of distuv.ChiSquared since
// 1 − p is 1 where p is tiny.
func chiSquaredTail(p, nu float64) float64 {
	if p == 0 {
		return math.Inf(1)
	}
	return 2 * mathext.GammaIncRegCompInv(nu/2, p)
}

// correlations returns the robust correlations of standardised points.
func correlations(points [][]float64) *mat.SymDense {
	p := len(points[0])
	r := mat.NewSymDense(p, nil)
	for j := range p {
		r.SetSym(j, j, 1)
		for i := range j {
			r.SetSym(i, j, correlation(column(points, i), column(points, j)))
		}
	}
	return r
}

// axesOf returns the eigenvectors of a matrix of correlations.
func axesOf(r *mat.SymDense) *mat.Dense {
	p := r.SymmetricDim()
	axes := mat.NewDense(p, p, nil)
	var e mat.EigenSym
	if !e.Factorize(r, true) {
		// No symmetric matrix is known on which it does not converge; the
		// coordinates themselves are then the axes, as of independent ones.
		for j := range p {
			axes.Set(j, j, 1)
		}
		return axes
	}
	e.VectorsTo(axes)
	return axes
}

// correlation is the robust correlation of two coordinates: with s the scale,
// (s²(a+b) − s²(a−b)) ÷ (s²(a+b) + s²(a−b)), which lies from −1 to 1.
func correlation(a, b []float64) float64 {
	sum, difference := make([]float64, len(a)), make([]float64, len(a))
	for i := range a {
		sum[i], difference[i] = a[i]+b[i], a[i]-b[i]
	}
	s, d := evenSpreadOf(sum).scale, evenSpreadOf(difference).scale
	return (s*s - d*d) / (s*s + d*d)
}

// shrinkage is how uncertain the correlations of n points are, from 0 to 1: the
// sum of the sampling variances ÷ that of the squares (Schäfer and Strimmer, A
// Shrinkage Approach to Large-Scale Covariance Matrix Estimation, 2005).
func shrinkage(r *mat.SymDense, n int) float64 {
	var variances, squares float64
	for j := range r.SymmetricDim() {
		for i := range j {
			q := r.At(i, j) * r.At(i, j)
			variances += (1 - q) * (1 - q) / float64(n-1)
			squares += q
		}
	}
	if squares == 0 {
		return 1
	}
	return min(1, variances/squares)
}

// lightSpreadOf is spreadOf without regard to the tail: the scale is that of the
// MAD, so that one value in four may be odd. It suits values of a light tail.
func lightSpreadOf(values []float64) spread {
	s := spread{n: len(values), median: median(slices.Sorted(slices.Values(values)))}
	deviations := make([]float64, s.n)
	for i, v := range values {
		deviations[i] = math.Abs(v - s.median)
	}
	slices.Sort(deviations)
	s.scale = max(minScale, madToSigma*median(deviations))
	return s
}

// evenSpreadOf is spreadOf with the scale of the wider half, for values that may
// be unusual both ways.
func evenSpreadOf(values []float64) spread {
	s, lower := spreadOf(values), lowerSpreadOf(values, nil)
	s.scale = max(s.scale, lower.scale)
	return s
}

func column(points [][]float64, j int) []float64 {
	values := make([]float64, len(points))
	for i, x := range points {
		values[i] = x[j]
	}
	return values
}

// medians returns the median of each coordinate.
func medians(points [][]float64) []float64 {
	if len(points) == 0 {
		return nil
	}
	m := make([]float64, len(points[0]))
	for j := range m {
		m[j] = median(slices.Sorted(slices.Values(column(points, j))))
	}
	return m
}
