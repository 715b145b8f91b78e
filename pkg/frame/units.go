package frame

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/units"
)

// Unit is the unit of a column's numbers.
type Unit int

// The units of columns.
const (
	Plain    Unit = iota // text, or a number that is a name, such as a port
	Count                // a count, such as of flows
	Bytes                // bytes
	Ratio                // a ratio of two quantities of the same kind
	Share                // a part of a whole, 0 to 1
	Clock                // 1/100 s since midnight
	Hour                 // hour of the day, 0 to 23
	Seconds              // a length of time in seconds
	Duration             // a length of time in 1/100 s
	Score                // 0 to 1, three decimals
	Times                // a multiple of another quantity
)

// Format formats v: 1190000000 bytes as "1.19 GB", 334778 flows as "334,778", the
// time 3417865 as "09:29:38", and NaN as "–".
func (u Unit) Format(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	switch u {
	case Count:
		return humanize.Comma(int64(math.Round(v)))
	case Bytes:
		return SI(v, "B")
	case Ratio, Score:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case Share:
		return percent(v)
	case Times:
		if v >= 10 {
			return humanize.Comma(int64(math.Round(v))) + " ×"
		}
		return SI(v, "") + " ×"
	case Clock:
		return flow.Time(v).String()[:len("09:29:38")]
	case Hour:
		return flow.Time(v * float64(flow.Hour)).String()[:len("09:29")]
	case Duration:
		return (time.Duration(math.Round(v)) * 10 * time.Millisecond).String()
	case Seconds:
		return strconv.FormatFloat(v, 'f', 0, 64) + " s"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// Short formats v like Format, but counts from 10,000 on with an SI prefix
// ("335 k").
func (u Unit) Short(v float64) string {
	if u == Count && math.Abs(v) >= 10_000 {
		return strings.TrimSpace(SI(v, ""))
	}
	return u.Format(v)
}

// SI formats v with three significant digits and a decimal prefix, like [units.SI].
func SI(v float64, unit string) string { return units.SI(v, unit) }

// percent formats a share. A small share does not become 0 %, and one near 1 does
// not become 100 %.
func percent(v float64) string {
	switch p := v * 100; {
	case p > 0 && p < 0.1:
		return "< 0.1 %"
	case p < 100 && p > 99.9:
		return "> 99.9 %"
	case p >= 100:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	default:
		return strconv.FormatFloat(math.Round(10*p)/10, 'f', -1, 64) + " %"
	}
}
