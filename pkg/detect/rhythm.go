package detect

import (
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"slices"

	"github.com/dustin/go-humanize"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/flowbook/flowbook/pkg/profile"
)

// rhythmFlows is the fewest flows with a rhythm to speak of: the coefficient of
// variation of fewer gaps is off by a quarter. Calls of an internal host may be half
// as many, so that those of each hour are found while its user works: the limit of
// chance is so much lower for them.
const (
	rhythmFlows = 20
	rhythmCalls = 10
)

// fewCalls is the fewest calls with a rhythm to speak of if they are to a destination that is
// new in every way: four gaps that vary by 5 % at most are as rare as 3.5 standard deviations.
const fewCalls = 5

// shortestGap is the shortest mean gap in seconds with a rhythm to speak of: times are
// kept to the second, so that flows that all started in one second look even.
const shortestGap = 1

// randomCV is the coefficient of variation of the gaps between events that
// come at random (a Poisson process). The bursts of users have a larger one; only
// events timed by a clock have a smaller one.
const randomCV = 1

// leastCV is the least coefficient of variation that is distinguished from
// others: times are kept to the second, so smaller ones are due to rounding.
const leastCV = 0.01

// rhythm returns the coefficient of variation and the mean, in seconds, of the
// gaps between flows that started in the given seconds: flows beyond one a
// second have gaps of zero. Both results are 0 if there is no gap.
//
// The coefficient is that of the population, √(mean square − square of mean) ÷
// mean.
func rhythm(seconds profile.Seconds, flows int64) (cv, gap float64) {
	return gapRhythm(seconds.Gaps(), flows-1)
}

// gapRhythm is rhythm of n gaps; those not listed are zero.
func gapRhythm(gaps []uint32, n int64) (cv, gap float64) {
	var sum, squares float64
	for _, g := range gaps {
		sum += float64(g)
		squares += float64(g) * float64(g)
	}
	if n < 1 || sum == 0 {
		return 0, 0
	}
	gap = sum / float64(n)
	return math.Sqrt(max(0, squares/float64(n)-gap*gap)) / gap, gap
}

// burst is the time in seconds within which flows belong to one call: a
// program that fetches its orders often opens several connections at once.
const burst = 5

// callRhythm is rhythm of the calls that flows belong to, and how many calls there are, given
// the n gaps between flows that count (see day.gaps). Each flow is a call of its own if flows
// are less than a minute apart on average, since bursts then have no meaning.
func callRhythm(gaps []uint32, n int64) (cv, gap float64, calls int64) {
	cv, gap = gapRhythm(gaps, n)
	between := callGaps(gaps)
	m := int64(len(between))
	if callCV, callGap := gapRhythm(between, m); m+1 >= rhythmCalls && callGap >= 60 && callCV < cv {
		return callCV, callGap, m + 1
	}
	return cv, gap, n + 1
}

// callGaps returns the gaps in seconds between calls, given those between flows.
func callGaps(gaps []uint32) []uint32 {
	between := make([]uint32, 0, len(gaps))
	within := uint32(0)
	for _, g := range gaps {
		if g <= burst {
			within += g
			continue
		}
		between = append(between, g+within)
		within = 0
	}
	return between
}

// gaps returns the gaps in seconds between flows of a host that started in the given seconds,
// and how many there are with those of zero, which are not listed. A pause of the host does not
// count: a laptop that is closed at noon does not call, and one such gap would outweigh those of
// a whole day. It is a gap of more than twice the median, so that a call at least is left out, in
// which the host opened no flow except in that time.
func (d *day) gaps(src netip.Addr, seconds profile.Seconds, flows int64) (gaps []uint32, n int64) {
	gaps, n = seconds.Gaps(), flows-1
	if len(gaps) == 0 || slices.Max(gaps) < pauseTime {
		return gaps, n
	}
	most, counted := 2*medianGap(gaps), gaps[:0]
	last, some := uint32(0), false
	for s := range seconds.All() {
		switch gap := s - last; {
		case !some:
			some = true
		case gap >= pauseTime && gap > most && d.silence(src, last, s)+most >= gap:
			n--
		default:
			counted = append(counted, gap)
		}
		last = s
	}
	return counted, n
}

// pauseTime is the seconds without a flow from which a host may have been off, as many as a laptop
// waits for its user at least before it sleeps.
const pauseTime = 15 * 60

// silence is the seconds of the longest time between two others in which a host opened no flow;
// 0 of times shorter than pauseTime.
func (d *day) silence(host netip.Addr, from, to uint32) (longest uint32) {
	for _, s := range d.silences(host) {
		if s[0] >= from && s[1] <= to {
			longest = max(longest, s[1]-s[0])
		}
	}
	return longest
}

// silences lists the times of pauseTime or more between two flows of a host in a row, in seconds.
func (d *day) silences(host netip.Addr) [][2]uint32 {
	if list, known := d.silenceLists[host]; known {
		return list
	}
	var on [(24*3600 + 63) / 64]uint64
	cs := d.Of(host)
	for i := range cs {
		for s := range cs[i].Seconds.All() {
			on[s/64] |= 1 << (s % 64)
		}
	}
	var list [][2]uint32
	last, some := uint32(0), false
	for i, word := range &on {
		for ; word != 0; word &= word - 1 {
			s := uint32(i*64 + bits.TrailingZeros64(word))
			if some && s-last >= pauseTime {
				list = append(list, [2]uint32{last, s})
			}
			last, some = s, true
		}
	}
	if d.silenceLists == nil {
		d.silenceLists = map[netip.Addr][][2]uint32{}
	}
	d.silenceLists[host] = list
	return list
}

// medianGap is the median of the gaps between calls.
func medianGap(gaps []uint32) uint32 {
	between := callGaps(gaps)
	if len(between) == 0 {
		return 0
	}
	slices.Sort(between)
	return between[len(between)/2]
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

// beyondChance is how far a coefficient of variation is below that of random
// events, in units of the distance that is unusual for so many flows.
func beyondChance(cv float64, flows int64, k float64) float64 {
	return (math.Log(randomCV) - logCV(cv)) / (k * cvNoise(flows))
}

// evenChance is the coefficient of variation of n gaps, as a logarithm, that those of random
// events are below as seldom as a normal value exceeds k. The shares of n such gaps of their
// sum are uniform on a simplex, and those with a coefficient of at most c are within c ÷ √n
// of its centre, so the probability is the volume of a ball ÷ that of the simplex. For many
// gaps beyondChance is as good.
func evenChance(n int, k float64) float64 {
	d := float64(n - 1)
	ball := d/2*math.Log(math.Pi) - logGamma(d/2+1)
	simplex := math.Log(float64(n))/2 - logGamma(d+1)
	return (math.Log(distuv.UnitNormal.CDF(-k))-ball+simplex)/d + math.Log(float64(n))/2
}

func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// beyondFewChance is beyondChance of calls that are too few for its approximation.
func beyondFewChance(cv float64, calls int64, k float64) float64 {
	return min(logCV(cv), 0) / evenChance(int(calls-1), k)
}

// leastUserRhythms is how many rhythms of users are needed to learn from. With fewer,
// the spread is too uncertain, and chance alone sets the limit.
const leastUserRhythms = 20

// userRhythms is how uneven the gaps between the flows of users are: the spread of
// the negated logarithms of the coefficients of variation of those rhythms that
// are not beyond chance. Programs are left out, so a day on which most rhythms are
// those of programs does not make these the norm.
type userRhythms struct {
	spread
	programs int  // rhythms left out
	fresh    bool // of calls to addresses that no host had contacted
}

// userRhythmsOf learns from rhythms given as coefficients of variation and numbers
// of flows.
func userRhythmsOf(cvs []float64, flows []int64, k float64) userRhythms {
	var p userRhythms
	var logs, noises []float64
	for i, cv := range cvs {
		if beyondChance(cv, flows[i], k) >= 1 {
			p.programs++
			continue
		}
		logs, noises = append(logs, logCV(cv)), append(noises, cvNoise(flows[i]))
	}
	p.spread = lowerSpreadOf(logs, noises)
	return p
}

// evenness is the excess of a rhythm over that of users and over chance.
func (p userRhythms) evenness(cv float64, flows int64, k float64) float64 {
	excess := beyondChance(cv, flows, k)
	if p.n >= leastUserRhythms {
		excess = min(excess, p.excessNoisy(-logCV(cv), k, cvNoise(flows)))
	}
	return excess
}

func (p userRhythms) thresholds(k float64, least int64, of string) []Threshold {
	if p.n < leastUserRhythms {
		if p.n+p.programs == 0 {
			return nil
		}
		return []Threshold{{
			Name: "highest coefficient of variation of the gaps between flows", Value: math.Exp(-k * cvNoise(least)), Unit: "ratio",
			From: fmt.Sprintf("fixed, for %d flows: gaps of random events are rarely more even; with more flows the limit is nearer to %d, the value of random events; too few %s to learn from", least, randomCV, of),
		}}
	}
	limit := math.Exp(-p.limit(k))
	return []Threshold{{
		Name: "highest coefficient of variation of the gaps between flows", Value: min(limit, randomCV), Unit: "ratio",
		From: fmt.Sprintf("%s %s with %d flows or more, without those with more even gaps than random events: median %.3g, divided by %.3g; at most %d, the value of random events",
			humanize.Comma(int64(p.n)), of, least, math.Exp(-p.median), math.Exp(p.reach(k, p.noise)), randomCV),
	}}
}
