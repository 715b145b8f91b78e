package detect

import (
	"math"

	"github.com/flowbook/flowbook/pkg/profile"
)

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
