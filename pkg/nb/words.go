package nb

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
)

// numeric are the types of quantities.
type numeric interface {
	~int | ~int64 | ~uint | ~uint16 | ~uint32 | ~float64
}

// Bytes writes bytes with three digits: "1.19 GB".
func Bytes[N numeric](n N) string { return frame.Bytes.Format(float64(n)) }

// Count writes a whole number with separators: "334,778".
func Count[N numeric](n N) string { return frame.Count.Format(float64(n)) }

// N writes a number of things: "1 flow", "1,830 flows", "no flows". The plural
// is English; for irregular ones give it: N(3, "country", "countries").
func N[T numeric](n T, singular string, plural ...string) string {
	words := english.PluralWord(int(n), singular, strings.Join(plural, ""))
	if n == 0 {
		return "no " + words
	}
	return Count(n) + " " + words
}

// Are writes N with the verb before it, as after "there": "is 1 host", "are 3
// hosts".
func Are[T numeric](n T, singular string, plural ...string) string {
	if n == 1 {
		return "is " + N(n, singular, plural...)
	}
	return "are " + N(n, singular, plural...)
}

// Clock writes the time of day: "09:29".
func Clock(t flow.Time) string { return t.String()[:len("09:29")] }

// Percent writes a share: "12.5 %".
func Percent(share float64) string { return frame.Share.Format(share) }

// Times writes how many times b is contained in a: "310 times", "1.4 times",
// or "–" where b is 0.
func Times[A, B numeric](a A, b B) string {
	if b == 0 {
		return "–"
	}
	q := float64(a) / float64(b)
	if q >= 10 {
		return humanize.Comma(int64(math.Round(q))) + " times"
	}
	return frame.SI(q, "") + " times"
}

// Change writes how b differs from a: "3.2 % more", "12 % fewer", "as many".
func Change[A, B numeric](a A, b B) string {
	switch from, to := float64(a), float64(b); {
	case from == to:
		return "as many"
	case from == 0:
		return Count(b) + " more"
	case to > from && to/from >= 2:
		return Times(b, a) + " as many"
	case to > from:
		return Percent((to-from)/from) + " more"
	default:
		return Percent((from-to)/from) + " fewer"
	}
}

// List writes words in a row: "a, b and c". Of more than most it writes the
// first and how many others there are; most 0 means all. Of no words it writes
// "none".
func List(words []string, most int) string {
	if len(words) == 0 {
		return "none"
	}
	if most > 0 && len(words) > most+1 {
		rest := N(len(words)-most, "other")
		words = append(words[:most:most], rest)
	}
	return english.WordSeries(words, "and")
}

// Names writes the values of a frame's column in a row, as List does.
func Names(f frame.Frame, column string, most int) string {
	words, err := frame.Strings(f, column)
	Check(err)
	return List(words, most)
}

// First writes the cell of a frame's first row as a table would, or "none"
// where the frame has no rows.
func First(f frame.Frame, column string) string {
	words, err := frame.Strings(f, column)
	Check(err)
	if len(words) == 0 {
		return "none"
	}
	if frame.TypeOf(f, column) == "string" {
		return words[0]
	}
	numbers, err := frame.Floats(f, column)
	Check(err)
	return frame.Describe(column).Unit.Format(numbers[0])
}

// Verb returns one where n is 1 and many otherwise: Verb(n, "is", "are").
func Verb(n int, one, many string) string { return english.PluralWord(n, one, many) }

// Owner writes who has an address, in words where nobody knows.
func Owner(o geo.Owner) string { return cmp.Or(o.Name, "an owner who is not known") }

// ID makes a label of parts, such as addresses: "tbl-largest-192-168-100-35".
func ID(parts ...any) string {
	words := make([]string, len(parts))
	for i, p := range parts {
		words[i] = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, fmt.Sprint(p))
	}
	return strings.Join(words, "-")
}

// Addrs returns the first most addresses that names are; what is no address is
// left out.
func Addrs(names []string, most int) []netip.Addr {
	var addrs []netip.Addr
	for _, n := range names {
		if a, err := netip.ParseAddr(n); err == nil && len(addrs) < most {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// Where writes the values of a column in those rows in which another column has
// a value, each once, in a row: "192.168.100.225 and 192.168.100.234", or "none".
func Where(f frame.Frame, column, is, show string) string {
	keys, err := frame.Strings(f, column)
	Check(err)
	words, err := frame.Strings(f, show)
	Check(err)
	var found []string
	for i, k := range keys {
		if k == is && !slices.Contains(found, words[i]) {
			found = append(found, words[i])
		}
	}
	return List(found, 0)
}
