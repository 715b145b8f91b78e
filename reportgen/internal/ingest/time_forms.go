package ingest

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// unusualForms are ways to write a date that no layout of Go has, each with the ordinary one.
var unusualForms = []struct {
	form     *regexp.Regexp
	ordinary string
}{
	{regexp.MustCompile(`(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? +`), ""},
	{regexp.MustCompile(`(?i)(\d) ?a\.?m(?:\.|\b)`), "$1 AM"},
	{regexp.MustCompile(`(?i)(\d) ?p\.?m(?:\.|\b)`), "$1 PM"},
	{regexp.MustCompile(`(\d)(?:st|nd|rd|th)\b`), "$1"},
	{regexp.MustCompile(`(\d{4}),? +`), "$1 "},
	{regexp.MustCompile(`^(\d{4})\.(\d\d?)\.(\d\d?)\b`), "$1-$2-$3"},
	{regexp.MustCompile(`(\d)[ T-](\d\d)\.(\d\d)\.(\d\d)`), "$1 $2:$3:$4"},
	{regexp.MustCompile(`(:\d\d):(\d{3,9})\b`), "$1.$2"},
	{regexp.MustCompile(`(\d)t(\d)`), "${1}T$2"},
	{regexp.MustCompile(`(\d)z$`), "${1}Z"},
	{regexp.MustCompile(`\((UTC|GMT)\)$`), "$1"},
	{regexp.MustCompile(` *\(?(?:UTC|GMT)([+-])(\d)\)?$`), " ${1}0$2:00"},
	{regexp.MustCompile(` *\(?(?:UTC|GMT)([+-]\d\d)\)?$`), " $1:00"},
	{regexp.MustCompile(` *\(?(?:UTC|GMT)([+-])(\d):?(\d\d)\)?$`), " ${1}0$2:$3"},
	{regexp.MustCompile(` *\(?(?:UTC|GMT)([+-]\d\d):?(\d\d)\)?$`), " $1:$2"},
	{regexp.MustCompile(`(:\d\d(?:[.,]\d+)?) ([+-]\d\d:\d\d)$`), "$1$2"},
}

// ordinary writes a date in one of the unusual forms as a layout may have it.
func ordinary(s string) string {
	for _, f := range unusualForms {
		s = f.form.ReplaceAllString(s, f.ordinary)
	}
	return s
}

// dateOrder says which number of a date such as 4/19/2024 is the day.
type dateOrder byte

const (
	unknownOrder dateOrder = iota
	dayFirst
	monthFirst
)

var yearLast = regexp.MustCompile(`^(\d\d?)([/-])(\d\d?)([/-])(\d{4}),?[ T]+(.*)$`)

// yearFirst writes a date such as 4/19/2024 with its year before its month and its day. Which
// number is the day is certain if the other one is above 12, and from then on for all dates of
// the log. It returns false if it is not known, or not what it was before.
func (t *timeReader) yearFirst(s string) (string, bool) {
	m := yearLast.FindStringSubmatch(s)
	if m == nil || m[2] != m[4] {
		return "", false
	}
	a, _ := strconv.Atoi(m[1]) // two digits at most
	b, _ := strconv.Atoi(m[3])
	order := t.order
	switch {
	case a > 12:
		order = dayFirst
	case b > 12:
		order = monthFirst
	case a == b && order == unknownOrder:
		return fmt.Sprintf("%s-%02d-%02d %s", m[5], a, b, m[6]), true
	}
	if order == unknownOrder || t.order != unknownOrder && order != t.order {
		return "", false
	}
	t.order = order
	if order == dayFirst {
		a, b = b, a
	}
	return fmt.Sprintf("%s-%02d-%02d %s", m[5], a, b, m[6]), true
}

// withoutComma returns a number with a decimal comma, or with commas between thousands, as
// digits and a point.
func withoutComma(v []byte) ([]byte, bool) {
	v = bytes.TrimSpace(v)
	whole, decimals, comma := bytes.Cut(v, []byte(","))
	if _, ok := digits(whole); !comma || !ok {
		return nil, false
	}
	if len(whole) > 3 { // 1713530096,789
		_, ok := digits(decimals)
		return bytes.Replace(v, []byte(","), []byte("."), 1), ok
	}
	s, ok := withoutSeparators(string(v)) // 1,713,530,096
	return []byte(s), ok && !strings.Contains(s, ",")
}
