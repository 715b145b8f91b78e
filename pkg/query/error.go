package query

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Error is what is wrong with an expression, and where.
type Error struct {
	Expr     string // the whole expression
	From, To int    // the bytes of Expr at fault; equal at the end of Expr
	Message  string
}

// Error returns the message, and below it the expression with the fault marked.
func (e *Error) Error() string {
	line, from := oneLine(e.Expr), utf8.RuneCountInString(e.Expr[:e.From])
	marks := max(1, utf8.RuneCountInString(e.Expr[e.From:e.To]))
	return fmt.Sprintf("%s\n%s\n%s%s", e.Message, line, strings.Repeat(" ", from), strings.Repeat("^", marks))
}

// oneLine returns s with every line break and tab as one space, so that a mark
// below it is in the right place.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, s)
}

// Nearest returns the names that may be meant by name, without regard to case: the nearest
// first, and at most three.
func Nearest(name string, names []string) []string {
	type near struct {
		name string
		far  int
	}
	var found []near
	lower := strings.ToLower(name)
	for _, n := range names {
		far, start := distance(lower, strings.ToLower(n))
		if len(lower) > 3 && strings.Contains(n, " ") { // the start of several words
			far = min(far, start)
		}
		if len(lower) > 1 && strings.HasPrefix(strings.ToLower(n), lower) || len(lower) > 2 && (strings.Contains(strings.ToLower(n), lower) || strings.Contains(lower, strings.ToLower(n))) {
			far = min(far, 1)
		}
		if far <= max(1, len(lower)/3) {
			found = append(found, near{n, far})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.far - b.far })
	var few []string
	for _, f := range found[:min(len(found), 3)] {
		few = append(few, f.name)
	}
	return few
}

// distance is the number of letters to insert, remove, replace or swap with the
// next to make b of a (the optimal string alignment distance), and to make the start of b.
func distance(a, b string) (whole, start int) {
	s, t := []rune(a), []rune(b)
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)], slices.Min(rows[len(s)])
}

// unknownColumn returns the message about a column that does not exist, with the
// nearest names, or all of them if none is near.
func unknownColumn(name string, columns []string) string {
	if hint := DidYouMean(name, columns); hint != "" {
		return fmt.Sprintf("unknown column %q; %s", name, hint)
	}
	return fmt.Sprintf("unknown column %q; the columns are %s", name, strings.Join(columns, ", "))
}
