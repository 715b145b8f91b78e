package ingest

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// span reads a length of time in seconds, or in a human-readable form: that of nfdump
// 1.7, 00:01:02.500 and 1d 00:01:02.500 beyond a day, those of Python (1 day, 0:01:02) and
// pandas (0 days 00:01:02.5), that of Go (1m2.5s, 1500ms), and that of ISO 8601 (PT1M2.5S).
func span(v []byte) (seconds float64, ok bool) {
	if bytes.IndexByte(v, ':') >= 0 {
		return clockSpan(string(v))
	}
	if seconds, ok := decimal(v); ok {
		return seconds, true
	}
	text := strings.TrimSpace(string(v))
	if whole, decimals, comma := strings.Cut(text, ","); comma && len(decimals) != 3 && !strings.ContainsAny(decimals, ",.") {
		text = whole + "." + decimals // 1,5
	}
	if s, ok := withoutSeparators(text); ok {
		if seconds, err := strconv.ParseFloat(strings.TrimSuffix(s, "s"), 64); err == nil {
			return seconds, seconds == seconds // not NaN
		}
	}
	text, _ = cutPrefixFold(text, "PT")
	d, err := time.ParseDuration(strings.ToLower(strings.ReplaceAll(text, " ", "")))
	return d.Seconds(), err == nil
}

// clockSpan reads hours, minutes and seconds, perhaps after days.
func clockSpan(s string) (seconds float64, ok bool) {
	var total float64
	if i := strings.IndexByte(s, 'd'); i >= 0 {
		n, err := strconv.ParseUint(strings.TrimSpace(s[:i]), 10, 16)
		unit, rest, found := strings.Cut(strings.Replace(s[i:], ",", "", 1), " ")
		if err != nil || !found || unit != "d" && unit != "day" && unit != "days" {
			return 0, false
		}
		total, s = float64(n)*24, strings.TrimSpace(rest)
	}
	parts := strings.Split(strings.Replace(s, ",", ".", 1), ":")
	if len(parts) != 3 {
		return 0, false
	}
	for i, part := range parts {
		n, err := strconv.ParseFloat(part, 64)
		if err != nil || !(n >= 0 && (n < 100 || i == 0 && n < 10_000)) {
			return 0, false
		}
		if i > 0 {
			total *= 60
		}
		total += n
	}
	return total, true
}
