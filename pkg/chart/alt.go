package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/pkg/frame"
)

// alt describes lines: how many points each has, and where it is highest and lowest.
func (l *lines) alt(kind string) string {
	column := l.groups[0].value
	var parts []string
	for _, g := range l.groups {
		parts = append(parts, l.course(g))
	}
	return sentences(fmt.Sprintf("%s of %s by %s", kind, frame.Inside(column.Title), frame.Inside(l.x.Title)),
		append(parts, notDrawn(l.others, "series"))...)
}

// course describes the extremes of a series.
func (l *lines) course(g *group) string {
	known := extremes(g.y, len(g.y))
	start := ""
	if g.name != "" {
		start = g.name + ": "
	}
	if len(known) == 0 {
		return start + "no values"
	}
	least, most := known[0], known[0]
	for _, i := range known {
		if g.y[i] < g.y[least] {
			least = i
		}
		if g.y[i] > g.y[most] {
			most = i
		}
	}
	words := start + counted(len(known), "value")
	if missing := len(g.y) - len(known); missing > 0 {
		words += fmt.Sprintf(" (%d missing)", missing)
	}
	if g.y[least] == g.y[most] {
		return words + ", all " + g.value.Unit.Format(g.y[most])
	}
	return words + fmt.Sprintf(", highest %s at %s, lowest %s at %s",
		g.value.Unit.Format(g.y[most]), l.format(g.x[most]), g.value.Unit.Format(g.y[least]), l.format(g.x[least]))
}

// sentences joins what a figure shows and its details.
func sentences(first string, rest ...string) string {
	words := plainText(first) + "."
	for _, r := range rest {
		if r != "" {
			words += " " + begun(plainText(r)) + "."
		}
	}
	return words
}

// begun returns a text for the beginning of a sentence.
func begun(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

func counted(n int, what string) string {
	many := ""
	if strings.HasSuffix(what, "series") {
		many = what
	}
	return frame.Count.Format(float64(n)) + " " + english.PluralWord(n, what, many)
}

func notDrawn(others int, what string) string {
	if others == 0 {
		return ""
	}
	return counted(others, "other "+what) + " " + english.PluralWord(others, "is", "are") + " not drawn"
}

// summaryOf describes the distribution of values.
func summaryOf(c frame.Column, values []float64) string {
	known := finite(values)
	missing := len(values) - len(known)
	words := counted(len(known), "value")
	if missing > 0 {
		words += fmt.Sprintf(" (%d missing)", missing)
	}
	if len(known) == 0 {
		return words
	}
	slices.Sort(known)
	return words + fmt.Sprintf(", from %s to %s, median %s", c.Unit.Format(known[0]), c.Unit.Format(known[len(known)-1]), c.Unit.Format(quantile(known, 0.5)))
}

// finite returns the values that are numbers.
func finite(values []float64) []float64 {
	var known []float64
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			known = append(known, v)
		}
	}
	return known
}

// quantile returns a quantile of sorted values, between two of them by linear
// interpolation: definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical
// Packages" (1996), as numpy and R do.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
