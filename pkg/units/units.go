// Package units writes quantities for readers. Every table, figure, finding and
// message of Flowbook uses it, so that the same number always reads the same.
package units

import (
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// Bytes writes a number of bytes with three significant digits and a decimal
// prefix, such as "1.19 GB". Negative numbers are written as 0.
func Bytes(n int64) string { return SI(float64(max(n, 0)), "B") }

// SI writes v with three significant digits and a decimal prefix, such as
// "1.19 GB" for 1,190,000,000 and the unit "B".
func SI(v float64, unit string) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64)
	if math.Abs(rounded) < 1 { // no prefixes below 1
		return strings.TrimSpace(humanize.Ftoa(rounded) + " " + unit)
	}
	return strings.TrimSpace(humanize.SIWithDigits(rounded, 2, unit))
}
