package detect

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// normalPoints draws points whose second coordinate follows the first.
func normalPoints(n int) [][]float64 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	points := make([][]float64, n)
	for i := range points {
		a, b, c := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		points[i] = []float64{10 + 2*a, 5 + 4*(0.9*a+math.Sqrt(1-0.81)*b), -3 + 0.5*c}
	}
	return points
}

// On normal data the scatter is what it was drawn from, though one point in
// twenty-five is far off.
func TestCloud(t *testing.T) {
	points := normalPoints(600)
	for i := range 24 {
		points[25*i] = []float64{10 + 3*float64(i%2), -60, 40}
	}
	c, ok := scatterOf(points)
	if !ok {
		t.Fatal("no scatter")
	}
	for j, want := range []struct{ centre, scale float64 }{{10, 2}, {5, 4}, {-3, 0.5}} {
		if math.Abs(c.centre[j]-want.centre) > 0.3*want.scale || c.scale[j] < 0.8*want.scale || c.scale[j] > 1.4*want.scale {
			t.Errorf("coordinate %d: %.3g ± %.3g, want %v", j, c.centre[j], c.scale[j], want)
		}
	}
	with, against := c.distance(c.standard([]float64{14, 13, -3})), c.distance(c.standard([]float64{14, -3, -3}))
	if with > against/1.5 {
		t.Errorf("what goes together is %.2f away, what does not %.2f", with, against)
	}
	if d := c.distance(c.standard([]float64{10, -60, 40})); c.excess(d, c.limit(DefaultSensitivity)) < 1 {
		t.Errorf("what is far off is %.2f away, which is usual below %.2f", d, c.limit(DefaultSensitivity))
	}
}

// The distances of normal points are those of chi-squared, more or less, and
// none of a thousand is unusual.
func TestCloudOfNormalPoints(t *testing.T) {
	points := normalPoints(1000)
	c, ok := scatterOf(points)
	if !ok {
		t.Fatal("no scatter")
	}
	want := math.Sqrt(distuv.ChiSquared{K: 3}.Quantile(0.5))
	if got := unlogDistance(c.distances.median); math.Abs(got/want-1) > 0.1 {
		t.Errorf("median distance %.3f, want %.3f", got, want)
	}
	limit := c.limit(DefaultSensitivity)
	for _, x := range points {
		if c.excess(c.distance(c.standard(x)), limit) >= 1 {
			t.Errorf("%v is unusual", x)
		}
	}
}

// Distances do not depend on the order of the points, or on the units of their
// coordinates.
func TestCloudInvariance(t *testing.T) {
	points := normalPoints(80)
	a, _ := scatterOf(points)
	changed := make([][]float64, len(points))
	for i, x := range points {
		changed[len(points)-1-i] = []float64{1000 * x[0], 7 - 3*x[1], x[2]/4 + 1}
	}
	b, _ := scatterOf(changed)
	for i, x := range points {
		da, db := a.distance(a.standard(x)), b.distance(b.standard(changed[len(points)-1-i]))
		if math.Abs(da-db) > 1e-6*(1+da) {
			t.Fatalf("point %d is %.9f away, and %.9f in other units", i, da, db)
		}
	}
}

// What is the same everywhere has no distance, and what has none is not
// infinitely far.
func TestCloudDegenerate(t *testing.T) {
	same := make([][]float64, 30)
	for i := range same {
		same[i] = []float64{1, 2, float64(i % 2)}
	}
	c, ok := scatterOf(same)
	if !ok {
		t.Fatal("no scatter")
	}
	for _, x := range [][]float64{{1, 2, 0}, {1, 2, 1}, {50, 2, 0}, {1e300, -1e300, 0}} {
		if d := c.distance(c.standard(x)); math.IsNaN(d) || math.IsInf(d, 0) {
			t.Errorf("%v is %v away", x, d)
		}
	}
	if _, ok := scatterOf(same[:leastPoints-1]); ok {
		t.Error("a handful of points made a scatter")
	}
	if _, ok := scatterOf(nil); ok {
		t.Error("no points made a scatter")
	}
}

func TestChiSquaredTail(t *testing.T) {
	for _, nu := range []float64{1, 3, 12} {
		for _, p := range []float64{0.5, 0.05, 1e-6} {
			want := distuv.ChiSquared{K: nu}.Quantile(1 - p)
			if got := chiSquaredTail(p, nu); math.Abs(got/want-1) > 1e-6 {
				t.Errorf("chi-squared of %v exceeds %v with %v, want %v", nu, got, p, want)
			}
		}
		if got := chiSquaredTail(1e-30, nu); got < chiSquaredTail(1e-6, nu) || math.IsInf(got, 0) || math.IsNaN(got) {
			t.Errorf("far tail: %v", got)
		}
	}
	if !math.IsInf(chiSquaredTail(0, 3), 1) {
		t.Error("nothing exceeds what is never exceeded")
	}
}

func TestCountScale(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, mean := range []float64{3, 30, 3000} {
		var values []float64
		p := distuv.Poisson{Lambda: mean, Src: r}
		for range 4000 {
			values = append(values, countScale(int64(p.Rand())))
		}
		var sum, squares float64
		for _, v := range values {
			sum, squares = sum+v, squares+v*v
		}
		n := float64(len(values))
		if sd := math.Sqrt(squares/n - sum*sum/n/n); sd > 1.15*minScale {
			t.Errorf("of a mean of %v, chance varies by %.3f", mean, sd)
		}
	}
	if d := countScale(2_000_000) - countScale(1_000_000); math.Abs(d-math.Ln2) > 0.001 {
		t.Errorf("twice as many is %v, want ln 2", d)
	}
}
