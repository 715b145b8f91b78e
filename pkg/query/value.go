package query

import (
	"math"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flowbook/flowbook/pkg/flow"
)

// Kind is the kind of a value or column.
type Kind int

// The kinds of values. A network is only in expressions, never in a column.
const (
	Text Kind = iota
	Number
	Address
	Bool
	Network
)

var kindNames = [...]string{"text", "a number", "an address", "true or false", "a network"}

func (k Kind) String() string { return kindNames[k] }

// Unit is the unit of a number.
type Unit int

// The units of numbers.
const (
	NoUnit     Unit = iota
	Bytes           // bytes
	Clock           // hundredths of a second since midnight
	Hundredths      // a length of time in hundredths of a second
	Seconds         // a length of time in seconds
)

var unitNames = [...]string{"a plain number", "bytes", "a time of day", "a length of time", "a length of time"}

func (u Unit) String() string { return unitNames[u] }

// Value is a literal value.
type Value struct {
	Kind    Kind
	Unit    Unit
	Number  float64      // of Kind Number, and 1 or 0 of Kind Bool
	Words   string       // of Kind Text, and the date of a Clock that has one
	Address netip.Addr   // of Kind Address
	Network netip.Prefix // of Kind Network
}

// text writes the value as a literal.
func (v Value) text() string {
	switch v.Kind {
	case Text:
		return quote(v.Words)
	case Address:
		return v.Address.String()
	case Network:
		return v.Network.String()
	case Bool:
		return strconv.FormatBool(v.Number != 0)
	}
	switch v.Unit {
	case Bytes:
		return formatNumber(v.Number) + "B"
	case Clock:
		t, date := flow.Time(v.Number), v.Words
		if date != "" {
			date += " "
		}
		if t >= flow.Day {
			return date + "24:00"
		}
		return date + t.String()
	case Hundredths:
		ms, _ := strconv.ParseFloat(strconv.FormatFloat(v.Number*10, 'g', exactDigits, 64), 64)
		return formatNumber(ms) + "ms"
	case Seconds:
		return formatNumber(v.Number) + "s"
	}
	return formatNumber(v.Number)
}

var (
	word   = regexp.MustCompile(`^[\pL_][\pL\pN_]*(\.[\pL\pN_]+)*$`)
	number = regexp.MustCompile(`^((?:\d[\d_]*)?\.?\d*(?:[eE][+-]?\d+)?)([A-Za-zµ]*)$`)
	clock  = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,2}))?)?$`)
	date   = regexp.MustCompile(`^(\d{4}-\d{1,2}-\d{1,2})(?:(?:[Tt]| +)(\d{1,2}:[\d:.]+))?$`)
	// A column and a value as Lucene and KQL write them; IPv6 addresses have more colons.
	fieldAndValue = regexp.MustCompile(`^[\pL_][\pL\pN_.]*:[^:]*$`)
	dated         = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]| +)\d{1,2}:[\d:.]+)?`) // at the start of an expression
)

type suffix struct {
	factor float64
	unit   Unit
}

// suffixes are the units that a number may have: its factor, and the unit of the
// product. Counts and bytes are in powers of 1000, as in tables and figures, unless
// the suffix has an i.
var suffixes = map[string]suffix{
	"k": {1e3, NoUnit}, "K": {1e3, NoUnit}, "M": {1e6, NoUnit}, "G": {1e9, NoUnit}, "T": {1e12, NoUnit},
	"B": {1, Bytes}, "kB": {1e3, Bytes}, "KB": {1e3, Bytes}, "MB": {1e6, Bytes}, "GB": {1e9, Bytes}, "TB": {1e12, Bytes},
	"KiB": {1 << 10, Bytes}, "MiB": {1 << 20, Bytes}, "GiB": {1 << 30, Bytes}, "TiB": {1 << 40, Bytes},
	"ms": {0.1, Hundredths}, "s": {100, Hundredths}, "sec": {100, Hundredths}, "second": {100, Hundredths},
	"m": {6000, Hundredths}, "min": {6000, Hundredths}, "minute": {6000, Hundredths},
	"h": {360000, Hundredths}, "hour": {360000, Hundredths}, "d": {8640000, Hundredths}, "day": {8640000, Hundredths},
}

// The largest numbers with a unit: what a column can hold, and for a duration, in
// hundredths of a second, what has no more digits in milliseconds than a float64 keeps
// when it is multiplied and divided by ten.
const (
	largest     = 1 << 63
	longest     = 1e13
	exactDigits = 14
)

// suffixOf returns a unit by its name, or by its plural, such as hours.
func suffixOf(name string) (suffix, bool) {
	if s, ok := suffixes[name]; ok {
		return s, true
	}
	s, ok := suffixes[strings.TrimSuffix(name, "s")]
	return s, ok && len(name) > 3 && s.unit == Hundredths
}

func isUnit(name string) bool { _, ok := suffixOf(name); return ok }

const suffixList = "k, M, G, T; B, kB, MB, GB, KiB, MiB, GiB; ms, s, m, h, d"

// parseValue reads a literal other than a quoted text. It returns a message if the
// text is not one.
func parseValue(s string) (v Value, problem string) {
	if m := number.FindStringSubmatch(s); m != nil && m[1] != "" && m[1] != "." {
		return parseNumber(m[1], m[2])
	}
	if clock.MatchString(s) {
		return parseClock(s)
	}
	if m := date.FindStringSubmatch(s); m != nil {
		day, err := time.Parse("2006-1-2", m[1])
		if err != nil {
			return v, m[1] + " is not a date"
		}
		v, problem = Value{Kind: Text}, ""
		if m[2] != "" {
			v, problem = parseClock(m[2])
		}
		v.Words = day.Format(time.DateOnly)
		return v, problem
	}
	if strings.ContainsRune(s, '/') {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return v, s + " is not a network; write it in CIDR form, such as 192.168.0.0/16"
		}
		return Value{Kind: Network, Network: netip.PrefixFrom(p.Addr().Unmap(), unmappedBits(p)).Masked()}, ""
	}
	if a, err := flow.ParseAddr(s); err == nil {
		return Value{Kind: Address, Address: a}, ""
	}
	switch {
	case fieldAndValue.MatchString(s):
		name, value, _ := strings.Cut(s, ":")
		return v, strings.TrimSpace("unexpected : after " + name + "; write " + name + " = " + value)
	case strings.ContainsRune(s, ':'):
		return v, s + " is neither a time, such as 10:30, nor an IPv6 address"
	case strings.Count(s, ".") > 1:
		return v, s + " is not an IPv4 address; for a network, write it in CIDR form, such as 192.168.0.0/16"
	}
	return v, s + " is not a number"
}

// unmappedBits returns the length of a network, which is one of IPv4 if it is
// written in IPv6 form (::ffff:10.0.0.0/104).
func unmappedBits(p netip.Prefix) int {
	if p.Addr().Is4In6() {
		return max(p.Bits()-96, 0)
	}
	return p.Bits()
}

func parseNumber(digits, suffix string) (v Value, problem string) {
	n, err := strconv.ParseFloat(strings.ReplaceAll(digits, "_", ""), 64)
	if err != nil {
		return v, digits + " is not a number"
	}
	if suffix == "" {
		return Value{Kind: Number, Number: n}, ""
	}
	u, ok := suffixOf(suffix)
	if !ok {
		for _, name := range []string{"B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"} {
			if strings.EqualFold(name, suffix) {
				return v, "unknown unit " + suffix + "; did you mean " + name + "?"
			}
		}
		return v, "unknown unit " + suffix + "; the units are " + suffixList
	}
	n *= u.factor
	if r := math.Round(n); math.Abs(n-r) < 1e-9*math.Abs(n) {
		n = r // 1.1MB is 1100000 bytes
	}
	if n > largest || u.unit == Hundredths && n > longest {
		return v, digits + suffix + " is too large"
	}
	return Value{Kind: Number, Unit: u.unit, Number: n}, ""
}

func parseClock(s string) (v Value, problem string) {
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return v, s + " is not a time of day"
	}
	part := func(i int) flow.Time { n, _ := strconv.Atoi("0" + m[i]); return flow.Time(n) }
	fraction := part(4)
	if len(m[4]) == 1 {
		fraction *= 10
	}
	t := part(1)*flow.Hour + part(2)*flow.Minute + part(3)*flow.Second + fraction
	if t > flow.Day || part(2) > 59 || part(3) > 59 {
		return v, s + " is not a time of day"
	}
	return Value{Kind: Number, Unit: Clock, Number: float64(t)}, ""
}

// literalRune reports whether a literal or a word may go on with r.
func literalRune(r rune) bool {
	return r == '_' || r == '.' || r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// exponentSign reports whether the byte of s at a place is the sign in a number such
// as 1e-6.
func exponentSign(s string, at int) bool {
	if at == 0 || at+1 >= len(s) || s[at] != '+' && s[at] != '-' {
		return false
	}
	return (s[at-1] == 'e' || s[at-1] == 'E') && number.MatchString(s[:at-1]) && s[at+1] >= '0' && s[at+1] <= '9'
}

// literalAt returns the end of the word, number, address, network, time or date that
// begins at from, which is from itself if none does.
func literalAt(s string, from int) int {
	to := from
	for to < len(s) {
		r, size := utf8.DecodeRuneInString(s[to:])
		if !literalRune(r) && !exponentSign(s[from:], to-from) {
			break
		}
		to += size
	}
	if d := dated.FindString(s[from:]); d != "" {
		return from + len(d)
	}
	// An address with a slash and a number right after it is a network.
	if to < len(s) && s[to] == '/' && (strings.Count(s[from:to], ".") == 3 || strings.Contains(s[from:to], ":")) {
		end := to + 1
		for end < len(s) && s[end] >= '0' && s[end] <= '9' {
			end++
		}
		if end > to+1 {
			return end
		}
	}
	return to
}
