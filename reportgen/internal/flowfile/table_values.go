package flowfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// textOf returns how the values of a column are written.
func textOf(c *parquet.Column) (func([]byte, parquet.Value) []byte, error) {
	var logical format.LogicalTypeValue
	if l := c.Type().LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.TimestampType:
		return momentText(l), nil
	case *format.IntType:
		if !l.IsSigned {
			return func(b []byte, v parquet.Value) []byte { return strconv.AppendUint(b, v.Uint64(), 10) }, nil
		}
	case *format.DecimalType:
		if l.Scale < -maxScale || l.Scale > maxScale {
			return nil, fmt.Errorf("%w: it is %s; write it as a whole number", errColumnType, c.Type())
		}
		return decimalText(int(l.Scale)), nil
	case *format.DateType:
		return dateText, nil
	case *format.TimeType:
		return clockText(l), nil
	}
	if converted := c.Type().ConvertedType(); converted != nil && *converted == deprecated.Interval {
		return intervalText, nil
	}
	return plainText(c.Type(), logical == nil), nil
}

// plainText returns how the values of a physical type are written. Bytes that nothing
// says to be text may be addresses.
func plainText(t parquet.Type, untyped bool) func([]byte, parquet.Value) []byte {
	switch t.Kind() {
	case parquet.Int32, parquet.Int64:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, integer(v), 10) }
	case parquet.Float, parquet.Double:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendFloat(b, float(v), 'f', -1, 64) }
	case parquet.Int96:
		return func(b []byte, v parquet.Value) []byte { return int96Time(v.Int96()).AppendFormat(b, time.RFC3339Nano) }
	case parquet.Boolean:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendBool(b, v.Boolean()) }
	case parquet.FixedLenByteArray:
		if size := t.Length(); untyped && (size == 4 || size == 16) {
			return func(b []byte, v parquet.Value) []byte { return appendAddress(b, v.ByteArray()) }
		}
		return func(b []byte, v parquet.Value) []byte { return fmt.Appendf(b, "%x", v.ByteArray()) }
	}
	if untyped { // bytes, which may be text nevertheless
		return func(b []byte, v parquet.Value) []byte {
			raw := v.ByteArray()
			if (len(raw) == 4 || len(raw) == 16) && bytes.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r > '~' }) {
				return appendAddress(b, raw)
			}
			return append(b, raw...)
		}
	}
	return func(b []byte, v parquet.Value) []byte { return append(b, v.ByteArray()...) }
}

// appendAddress writes an address of 4 or 16 bytes, or as text padded to 16, as ClickHouse
// writes a FixedString.
func appendAddress(b, raw []byte) []byte {
	if text := bytes.TrimRight(raw, "\x00 "); len(raw) == 16 {
		if _, err := netip.ParseAddr(string(text)); err == nil {
			return append(b, text...)
		}
	}
	a, ok := netip.AddrFromSlice(raw)
	if !ok {
		return append(b, raw...)
	}
	return a.Unmap().AppendTo(b)
}

func unitOf(u format.TimeUnit) time.Duration {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return time.Millisecond
	case *format.MicroSeconds:
		return time.Microsecond
	}
	return time.Nanosecond
}

// durationText writes durations in seconds.
func durationText(unit time.Duration) func([]byte, parquet.Value) []byte {
	return func(b []byte, v parquet.Value) []byte {
		n := integer(v)
		perSecond := int64(time.Second / unit)
		if n < 0 {
			b, n = append(b, '-'), -n
		}
		b = strconv.AppendInt(b, n/perSecond, 10)
		if rest := n % perSecond; rest > 0 {
			digits := strconv.FormatInt(perSecond+rest, 10)[1:]
			b = append(append(b, '.'), strings.TrimRight(digits, "0")...)
		}
		return append(b, 's')
	}
}

// intervalText writes the intervals of DuckDB and others, which are months, days and milliseconds, in seconds. How long a
// month is depends on the month.
func intervalText(b []byte, v parquet.Value) []byte {
	raw := v.ByteArray()
	if len(raw) != 12 || binary.LittleEndian.Uint32(raw) != 0 {
		return fmt.Appendf(b, "%x", raw)
	}
	ms := int64(binary.LittleEndian.Uint32(raw[4:]))*int64(24*time.Hour/time.Millisecond) + int64(binary.LittleEndian.Uint32(raw[8:]))
	return durationText(time.Millisecond)(b, parquet.Int64Value(ms))
}

// clockText writes times of day.
func clockText(t *format.TimeType) func([]byte, parquet.Value) []byte {
	unit := unitOf(t.Unit)
	return func(b []byte, v parquet.Value) []byte {
		n := integer(v)
		perDay := int64(24 * time.Hour / unit)
		if n < 0 || n >= perDay { // a duration, as fastparquet writes it
			return durationText(unit)(b, v)
		}
		return time.Unix(0, n*int64(unit)).UTC().AppendFormat(b, "15:04:05.999999999")
	}
}

// maxScale is the most decimals of a number; SQL has 38.
const maxScale = 64

// decimalText writes decimals: integers, or the bytes of one with the most
// significant first. The last scale digits are decimals.
func decimalText(scale int) func([]byte, parquet.Value) []byte {
	return func(b []byte, v parquet.Value) []byte {
		var n big.Int
		switch v.Kind() {
		case parquet.Int32, parquet.Int64:
			n.SetInt64(integer(v))
		default:
			raw := v.ByteArray()
			n.SetBytes(raw)
			if len(raw) > 0 && raw[0]&0x80 != 0 {
				n.Sub(&n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
			}
		}
		digits := n.Abs(&n).String()
		if negative := v.Kind() == parquet.Int32 && v.Int32() < 0 || v.Kind() == parquet.Int64 && v.Int64() < 0 ||
			v.Kind() != parquet.Int32 && v.Kind() != parquet.Int64 && len(v.ByteArray()) > 0 && v.ByteArray()[0]&0x80 != 0; negative {
			b = append(b, '-')
		}
		if scale <= 0 {
			b = append(b, digits...)
			if digits != "0" {
				b = append(b, strings.Repeat("0", -scale)...)
			}
			return b
		}
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale+1-len(digits)) + digits
		}
		b = append(b, digits[:len(digits)-scale]...)
		if decimals := strings.TrimRight(digits[len(digits)-scale:], "0"); decimals != "" {
			b = append(append(b, '.'), decimals...)
		}
		return b
	}
}

// dateText writes days since 1970 as dates without a time of day.
func dateText(b []byte, v parquet.Value) []byte {
	return time.Unix(integer(v)*24*60*60, 0).UTC().AppendFormat(b, time.DateOnly)
}

// integer and float read a value of either width.
func integer(v parquet.Value) int64 {
	if v.Kind() == parquet.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func float(v parquet.Value) float64 {
	if v.Kind() == parquet.Float {
		return float64(v.Float())
	}
	return v.Double()
}

// momentText writes moments. One of no zone gets none.
func momentText(t *format.TimestampType) func([]byte, parquet.Value) []byte {
	unit := unitOf(t.Unit)
	layout := time.RFC3339Nano
	if !t.IsAdjustedToUTC {
		layout = "2006-01-02T15:04:05.999999999"
	}
	perSecond := int64(time.Second / unit)
	return func(b []byte, v parquet.Value) []byte {
		n := v.Int64()
		return time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC().AppendFormat(b, layout)
	}
}

// int96Time reads the form of moments that Impala began and Spark kept: the
// nanoseconds of the day in eight bytes, then the Julian day in four.
func int96Time(v deprecated.Int96) time.Time {
	const unixEpoch = 2440588 // the Julian day of 1 January 1970
	var b [12]byte
	for i, word := range v {
		binary.LittleEndian.PutUint32(b[4*i:], word)
	}
	nanos := binary.LittleEndian.Uint64(b[:8])
	days := int64(binary.LittleEndian.Uint32(b[8:])) - unixEpoch
	return time.Unix(days*24*60*60, 0).Add(time.Duration(nanos)).UTC()
}
