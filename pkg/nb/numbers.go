package nb

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
)

// numeric are the types of quantities.
type numeric interface {
	~int | ~int64 | ~uint | ~uint16 | ~uint32 | ~float64
}

// Bytes formats bytes with three digits: "1.19 GB".
func Bytes[N numeric](n N) string { return frame.Bytes.Format(float64(n)) }

// Count formats a whole number with separators: "334,778".
func Count[N numeric](n N) string { return frame.Count.Format(float64(n)) }

// N formats a number and its noun: "1 flow", "1,830 flows", "no flows". An irregular
// plural is given as the last argument: N(3, "country", "countries").
func N[T numeric](n T, singular string, plural ...string) string {
	words := english.PluralWord(int(n), singular, strings.Join(plural, ""))
	if n == 0 {
		return "no " + words
	}
	return Count(n) + " " + words
}

// are formats N with a verb before it: "is 1 host", "are 3 hosts".
func are[T numeric](n T, singular string, plural ...string) string {
	if n == 1 {
		return "is " + N(n, singular, plural...)
	}
	return "are " + N(n, singular, plural...)
}

// Percent formats a share: "12.5 %".
func Percent(share float64) string { return frame.Share.Format(share) }

// List formats words as a list: "a, b and c". If there are more than most words, it
// lists the first most and the number of others; 0 means all. An empty list is
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

// Names formats the values of a frame's column, as List does.
func Names(f frame.Frame, column string, most int) string {
	words, err := frame.Strings(f, column)
	Check(err)
	return List(words, most)
}

// First formats a cell of a frame's first row as a table does. If the frame has no
// rows, it returns "none".
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

// Owner returns the name of an owner of addresses, or "an unknown owner".
func Owner(o geo.Owner) string { return cmp.Or(o.Name, "an unknown owner") }

// ID returns a label made of parts, such as addresses: "tbl-largest-192-168-100-35".
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

// Addrs parses names as addresses and returns at most the first most of them. Names
// that are not addresses are skipped.
func Addrs(names []string, most int) []netip.Addr {
	var addrs []netip.Addr
	for _, n := range names {
		if a, err := netip.ParseAddr(n); err == nil && len(addrs) < most {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// Where formats the distinct values of column show in the rows in which column has
// the value is, as List does: "192.168.100.225 and 192.168.100.234".
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
