package detect

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// plural writes a number with its noun.
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return humanize.Comma(n) + " " + noun + "s"
}

// times writes a ratio as "310 times" or "1.4 times".
func times(q float64) string {
	if q >= 10 {
		return humanize.Comma(int64(math.Round(q))) + " times"
	}
	return fmt.Sprintf("%.1f times", q)
}

// joinPorts writes ports as "22, 445, 3389".
func joinPorts(ports []uint16) string {
	var parts []string
	for _, p := range ports {
		parts = append(parts, strconv.Itoa(int(p)))
	}
	return strings.Join(parts, ", ")
}
