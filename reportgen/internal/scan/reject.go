package scan

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
)

// Why a row is no flow, as in [profile.Rejected].
const (
	ReasonNull     = "no value"
	ReasonNumber   = "not a whole number"
	ReasonTime     = "timestamp outside the day"
	ReasonAddress  = "invalid address"
	ReasonProtocol = "protocol neither tcp nor udp"
	ReasonPort     = "port outside 0 to 65535"
	ReasonBytes    = "negative bytes"
)

// fault is a row of a vector for which the column has no usable value.
type fault struct {
	row    int
	reason string
	value  string // as read
}

// badNumber stands in a vector where a number has a fault. It is negative, so
// the checks that every row passes through find it.
const badNumber = math.MinInt64

// bad says what is wrong with value i of a column, or nothing.
func (v *vector) bad(col, i int, book *book) (reason, value string) {
	if n, ok := slices.BinarySearchFunc(v.faults, i, func(f fault, i int) int { return f.row - i }); ok {
		return v.faults[n].reason, v.faults[n].value
	}
	switch col {
	case colSrc, colDst, colProto:
		if v.codes[i] >= badCode {
			return book.bad(v.codes[i])
		}
		return "", ""
	}
	number := v.numbers[i]
	switch {
	case col == colTime && uint64(number) >= uint64(flow.Day):
		reason = ReasonTime
	case col == colPort && uint64(number) > math.MaxUint16:
		reason = ReasonPort
	case number < 0:
		reason = ReasonBytes
	}
	return reason, strconv.FormatInt(number, 10)
}

// reject finds the first column, in the order of flow.Columns, that makes row
// i of the batch no flow.
func (b *batch) reject(i int) *RowError {
	for col := range numColumns {
		if reason, value := b.vectors[col].bad(col, i, b.book); reason != "" {
			rowGroup, row := b.place(i)
			return &RowError{Reason: reason, At: profile.Place{
				File: b.file, RowGroup: rowGroup, Row: row,
				Column: flow.Columns[col], Value: clip(value),
			}}
		}
	}
	return nil
}

// clip makes a value fit to be shown: valid text of at most 80 bytes.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		end := most
		for end > most-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
