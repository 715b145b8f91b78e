package synth

import "github.com/flowbook/flowbook/pkg/flow"

// officeHours is how many flows an office of 200 has in each hour of a day:
// nearly nothing before 4, a peak from 11 to 13, a tail into the evening.
var officeHours = [24]float64{
	60, 40, 40, 90, 2400, 6800, 18100, 29300, 55000, 76000, 91000, 96000,
	97300, 99500, 92000, 77800, 64200, 49000, 37000, 27000, 19500, 13500, 8800, 5200,
}

// slot is the resolution of a clock.
const slot = flow.Hour / 4

// clock says when a person is at work.
type clock = weighted[flow.Time]

// newClock draws a person's hours: the office's, earlier or later by an hour
// or so, with a lunch break. Most of what the break puts off is done in the
// hour before it and the hour after it.
func newClock(r rng) *clock {
	shift := 0.4 * r.NormFloat64() // hours
	lunch := r.between(11.5, 14)
	length := r.between(0.5, 1.25)
	const idle = 0.65
	before, after := lunch-1, lunch+length+1
	var c clock
	for t := flow.Time(0); t < flow.Day; t += slot {
		hour := float64(t+slot/2) / float64(flow.Hour)
		w := officeAt(hour - shift)
		switch {
		case hour >= lunch && hour < lunch+length:
			w *= 1 - idle
		case hour >= before && hour < after:
			w *= 1 + idle*length/2
		}
		c.add(t, w)
	}
	return &c
}

// officeAt interpolates between the middles of the office's hours.
func officeAt(hour float64) float64 {
	x := min(max(hour-0.5, 0), 22.999)
	i := int(x)
	f := x - float64(i)
	return officeHours[i]*(1-f) + officeHours[i+1]*f
}

// moment draws a time of work.
func moment(c *clock, r rng) flow.Time {
	return c.pick(r) + flow.Time(r.Uint32N(uint32(slot)))
}

// hours turns a time of day in hours into a flow.Time.
func hours(h float64) flow.Time { return flow.Time(h * float64(flow.Hour)) }
