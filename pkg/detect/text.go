package detect

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/flowbook/flowbook/pkg/units"
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

// quantity writes a limit or a median in its unit.
func quantity(v float64, unit string) string {
	if unit == "bytes" {
		return units.Bytes(int64(math.Round(v)))
	}
	return fmt.Sprintf("%.3g", v)
}

// portList writes ports as "port 22" or "ports 22, 445, 3389".
func portList(ports []uint16) string {
	if len(ports) == 1 {
		return "port " + joinPorts(ports)
	}
	return "ports " + joinPorts(ports)
}

// joinPorts writes ports as "22, 445, 3389".
func joinPorts(ports []uint16) string {
	var parts []string
	for _, p := range ports {
		parts = append(parts, strconv.Itoa(int(p)))
	}
	return strings.Join(parts, ", ")
}
