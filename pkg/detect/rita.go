package detect

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/flowbook/flowbook/pkg/profile"
)

// RITA is the score that RITA 5 gives the connections of a pair of hosts as a
// beacon, with the four parts that it is the mean of, each from 0 to 1.
//
// The score knows regularity only. Clocks, updates and monitoring have it too,
// so the lists that RITA ranks by it begin with those; [Beacon] weighs who else
// calls and since when.
type RITA struct {
	Score     float64 `json:"score"`     // mean of the parts, three decimals
	Interval  float64 `json:"interval"`  // RITA's ts_score: gaps that are symmetric about their median and close to it
	Size      float64 `json:"size"`      // ds_score: the same of the bytes sent
	Duration  float64 `json:"duration"`  // dur_score: how long, of the log's time or in consecutive hours
	Histogram float64 `json:"histogram"` // hist_score: how flat the hourly counts are
}

// Contacts is what RITA's score is computed from: the connections of one pair
// within a window, which is a day mostly.
type Contacts struct {
	Window  int64         // length of the window in seconds
	Seconds []uint32      // distinct seconds since the window's start in which a connection began; sorted
	Bins    [24]int64     // connections in each 24th of the window
	Sizes   profile.Sizes // bytes sent by the source
}

// The settings of RITA 5 as it is delivered.
const (
	ritaLeastTimes   = 4      // distinct times, which have three gaps
	ritaMostFlows    = 86_400 // from which RITA speaks of a strobe
	ritaLeastBars    = 6      // hours with connections for a duration
	ritaIdealHours   = 12     // consecutive ones for a full duration
	ritaBimodalBars  = 11     // hours with connections to look for two heights
	ritaOutliers     = 1      // bars that may have any height
	ritaHeightBand   = 0.05   // of the highest bar; heights within are the same
	ritaLeastSpread  = 10     // between the quartiles, below which skewness means nothing
	ritaMedianToMind = 1      // median below which its deviation means nothing
)

// Score returns the score of RITA 5, or false if there are fewer than four
// distinct times, or so many connections that RITA calls them a strobe.
//
// The formulas are those of RITA's analysis/beacons.go. RITA takes sizes as
// bytes of IP packets, headers and retransmissions included; a flow file may
// hold bytes of the payload, so that connections refused all have a size of 0,
// and Size is ½ where RITA says 1. Sizes that were rounded move Size by what
// rounding does to their quartiles, see [profile.Sizes].
func (c Contacts) Score() (RITA, bool) {
	var flows, bars, highest int64
	for _, n := range c.Bins {
		flows += n
		highest = max(highest, n)
		if n > 0 {
			bars++
		}
	}
	if len(c.Seconds) < ritaLeastTimes || flows >= ritaMostFlows || c.Window <= 0 || bars == 0 {
		return RITA{}, false
	}
	gaps := counted{}
	for i, s := range c.Seconds[1:] {
		gaps = append(gaps, valueCount{float64(s - c.Seconds[i]), 1})
	}
	r := RITA{
		Interval:  gaps.evenness(1),
		Size:      sizesOf(c.Sizes).evenness(0),
		Duration:  c.duration(bars),
		Histogram: max(c.flatness(flows), c.bimodality(bars, highest)),
	}
	r.Score = round3((r.Interval + r.Size + r.Duration + r.Histogram) / 4)
	return r, true
}

// duration is the larger of two ratios: the time from first to last ÷ the window,
// and the longest run of bins with connections ÷ 12. A run may cross midnight.
func (c Contacts) duration(bars int64) float64 {
	if bars < ritaLeastBars {
		return 0
	}
	ceil3 := func(x float64) float64 { return min(1, math.Ceil(x*1000)/1000) }
	first, last := c.Seconds[0], c.Seconds[len(c.Seconds)-1]
	run, longest := 0, 0
	for i := range 2 * len(c.Bins) {
		if c.Bins[i%len(c.Bins)] == 0 {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	longest = min(longest, len(c.Bins))
	return max(ceil3(float64(last-first)/float64(c.Window)), ceil3(float64(longest)/ritaIdealHours))
}

// flatness is 1 less the coefficient of variation of the bins.
func (c Contacts) flatness(flows int64) float64 {
	mean := float64(flows) / float64(len(c.Bins))
	squares := 0.0
	for _, n := range c.Bins {
		squares += (float64(n) - mean) * (float64(n) - mean)
	}
	return round3(max(0, 1-math.Sqrt(squares/float64(len(c.Bins)))/mean))
}

// bimodality is the share of bars that have one of the two most frequent
// heights.
func (c Contacts) bimodality(bars, highest int64) float64 {
	if bars < ritaBimodalBars {
		return 0
	}
	band := math.Ceil(float64(highest) * ritaHeightBand)
	heights := map[float64]int{}
	for _, n := range c.Bins {
		if n > 0 {
			heights[math.Floor(float64(n)/band)]++
		}
	}
	first, second := 0, 0
	for _, n := range heights {
		if n > first {
			first, second = n, first
		} else {
			second = max(second, n)
		}
	}
	return min(1, round3(float64(first+second)/float64(bars-ritaOutliers)))
}

// valueCount is a value and how often it is there.
type valueCount struct {
	value float64
	n     int64
}

// counted is a sample as a multiset, in any order.
type counted []valueCount

// sizesOf is a distribution of sizes as a sorted sample.
func sizesOf(s profile.Sizes) counted {
	var v counted
	for size, n := range s.All() {
		v = append(v, valueCount{float64(size), n})
	}
	return v
}

// range50 is the distance between the quartiles of a sorted sample ÷ its
// median; 0 where the quartiles are the same.
func (v counted) range50() float64 {
	n := v.len()
	if q1, q3 := v.median(0, n/2), v.median(n-n/2, n); q1 != q3 {
		return (q3 - q1) / max(v.median(0, n), 1)
	}
	return 0
}

// evenness is the mean of RITA's two statistics of a sample: 1 less Bowley's
// skewness, and 1 less the median absolute deviation ÷ the median, which is
// unsteady where the median is next to nothing.
func (v counted) evenness(unsteady float64) float64 {
	v.sort()
	n := v.len()
	half := n / 2
	q1, q2, q3 := v.median(0, half), v.median(0, n), v.median(n-half, n)
	skew := 0.0
	if q3-q1 >= ritaLeastSpread && q2 != q1 && q2 != q3 {
		skew = (q1 + q3 - 2*q2) / (q3 - q1)
	}
	steady := unsteady
	if q2 >= ritaMedianToMind {
		deviations := make(counted, len(v))
		for i, x := range v {
			deviations[i] = valueCount{math.Abs(x.value - q2), x.n}
		}
		deviations.sort()
		steady = max(0, (q2-deviations.median(0, n))/q2)
	}
	return round3((1 - math.Abs(skew) + steady) / 2)
}

func (v counted) sort() {
	slices.SortFunc(v, func(a, b valueCount) int { return cmp.Compare(a.value, b.value) })
}

func (v counted) len() (n int64) {
	for _, x := range v {
		n += x.n
	}
	return n
}

// median returns the median of the values from index from up to index to of a
// sorted sample; 0 if there are none.
func (v counted) median(from, to int64) float64 {
	if to <= from {
		return 0
	}
	return (v.at((from+to-1)/2) + v.at((from+to)/2)) / 2
}

// at is the value in place i of a sorted sample.
func (v counted) at(i int64) float64 {
	for _, x := range v {
		if i < x.n {
			return x.value
		}
		i -= x.n
	}
	return 0
}

// contacts joins the conversations of one pair on a day, whatever their ports.
func contacts(cs ...*profile.Conversation) Contacts {
	c := Contacts{Window: profile.SecondsPerDay}
	var seconds profile.Seconds
	for _, conv := range cs {
		seconds = profile.Union(seconds, conv.Seconds)
		c.Sizes = profile.AddSizes(c.Sizes, conv.Sizes)
		for h, n := range conv.Hours {
			c.Bins[h] += int64(n)
		}
	}
	c.Seconds = slices.Collect(seconds.All())
	return c
}

// PairScore is RITA's score of a pair of hosts on a day.
type PairScore struct {
	Src, Dst netip.Addr
	profile.Counts
	RITA RITA
}

// RITAScores returns RITA's score of every pair of a day that has one, highest
// first. The window is the calendar day, where RITA takes the last 24 hours of
// its log; ports are joined, as RITA does.
func RITAScores(p *profile.Profile) []PairScore {
	var scores []PairScore
	for i := 0; i < len(p.Conversations); {
		pair := PairScore{Src: p.Conversations[i].Src, Dst: p.Conversations[i].Dst}
		var cs []*profile.Conversation
		for ; i < len(p.Conversations) && p.Conversations[i].Src == pair.Src && p.Conversations[i].Dst == pair.Dst; i++ {
			cs = append(cs, &p.Conversations[i])
			pair.Add(p.Conversations[i].Counts)
		}
		if r, ok := contacts(cs...).Score(); ok {
			pair.RITA = r
			scores = append(scores, pair)
		}
	}
	slices.SortStableFunc(scores, func(a, b PairScore) int { return cmp.Compare(b.RITA.Score, a.RITA.Score) })
	return scores
}
