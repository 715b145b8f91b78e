package detect

import (
	"fmt"
	"math"

	"github.com/flowbook/flowbook/pkg/profile"
)

// rhythmFlows is the fewest flows with a rhythm to speak of: the coefficient of
// variation of fewer gaps is off by more than a fifth.
const rhythmFlows = 25

// randomCV is the coefficient of variation of the gaps between events that
// come at random (a Poisson process). People come in bursts, which is above it;
// only a clock is below.
const randomCV = 1

// leastCV is the least coefficient of variation told apart: times are kept
// to the second, so smaller ones are the rounding's.
const leastCV = 0.01

// rhythm returns the coefficient of variation and the mean, in seconds, of the
// gaps between flows that started in the given seconds: flows beyond one a
// second have gaps of zero. Both are 0 where there is no gap.
//
// The coefficient is that of the population, √(mean square − square of mean) ÷
// mean.
func rhythm(seconds profile.Seconds, flows int64) (cv, gap float64) {
	n := float64(flows - 1)
	var sum, squares float64
	for _, g := range seconds.Gaps() {
		sum += float64(g)
		squares += float64(g) * float64(g)
	}
	if n < 1 || sum == 0 {
		return 0, 0
	}
	gap = sum / n
	return math.Sqrt(max(0, squares/n-gap*gap)) / gap, gap
}

// coverage is the half hours in which a host opened flows ÷ the half hours from
// its first to its last.
func coverage(h *profile.Host) float64 {
	if len(h.Slots) == 0 {
		return 0
	}
	first, last := h.Slots[0].Index, h.Slots[len(h.Slots)-1].Index
	return float64(len(h.Slots)) / float64(int(last)-int(first)+1)
}

// logCV is the logarithm of a coefficient of variation.
func logCV(cv float64) float64 { return math.Log(max(cv, leastCV)) }

// cvNoise is the standard error of logCV, as of gaps that come at random.
func cvNoise(flows int64) float64 { return 1 / math.Sqrt(float64(flows)) }

// beyondChance is how far a coefficient of variation lies below that of chance,
// in units of what is unusual for so many flows.
func beyondChance(cv float64, flows int64, k float64) float64 {
	return (math.Log(randomCV) - logCV(cv)) / (k * cvNoise(flows))
}

// evenness is the excess of a rhythm, over what is usual and over chance.
func evenness(usual spread, cv float64, flows int64, k float64) float64 {
	return min(usual.excessNoisy(-logCV(cv), k, cvNoise(flows)), beyondChance(cv, flows, k))
}

func rhythmThresholds(usual spread, k float64, of string) []Threshold {
	limit := math.Exp(-usual.limit(k))
	if usual.n < 2 || limit == 0 {
		return nil
	}
	return []Threshold{{
		Name: "coefficient of variation of the gaps between flows, at most", Value: min(limit, randomCV), Unit: "ratio",
		From: fmt.Sprintf("%s: %d with %d flows or more, median %.3g ÷ exp(%.3g), and no more than the %d of chance",
			of, usual.n, rhythmFlows, math.Exp(-usual.median), usual.reach(k, usual.noise), randomCV),
	}}
}
