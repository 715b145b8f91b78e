package compare

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// pageChange is one difference between two reports, for people.
type pageChange struct {
	section string
	what    string
}

// The most cells of one table, and texts of one figure, that are told.
const maxTold = 5

// comparePages tells what a reader of the second report sees otherwise than one of
// the first.
func comparePages(was, is []pageItem) []pageChange {
	var changes []pageChange
	for _, run := range differences(was, is, pageItem.key) {
		changes = append(changes, compareRun(run[0], run[1])...)
	}
	return changes
}

// compareRun compares what stands between two things that are the same in both.
func compareRun(was, is []pageItem) []pageChange {
	var changes []pageChange
	taken := make([]bool, len(was))
	for _, now := range is {
		at := partner(was, taken, now)
		if at < 0 {
			changes = append(changes, pageChange{now.section, "new: " + now.name()})
			continue
		}
		taken[at] = true
		for _, what := range compareItems(was[at], now) {
			changes = append(changes, pageChange{now.section, what})
		}
	}
	for i, old := range was {
		if !taken[i] {
			changes = append(changes, pageChange{old.section, "gone: " + old.name()})
		}
	}
	return changes
}

// partner is the item that became new: that of the same caption, else the first
// of its kind.
func partner(was []pageItem, taken []bool, now pageItem) int {
	for _, same := range []func(pageItem) bool{
		func(o pageItem) bool { return o.kind == now.kind && o.caption != "" && o.caption == now.caption },
		func(o pageItem) bool { return o.kind == now.kind && (o.caption == "") == (now.caption == "") },
	} {
		for i, o := range was {
			if !taken[i] && same(o) {
				return i
			}
		}
	}
	return -1
}

func (i pageItem) name() string {
	switch {
	case i.caption != "":
		return i.caption
	case i.kind == "code", i.kind == "heading", i.kind == "text":
		return fmt.Sprintf("%s %q", i.kind, short(i.text))
	}
	return "a " + i.kind + " without a caption"
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}

func compareItems(was, is pageItem) []string {
	var told []string
	if was.caption != is.caption {
		told = append(told, fmt.Sprintf("%s: its caption was %q", is.name(), was.caption))
	}
	if was.text == is.text {
		return told
	}
	switch is.kind {
	case "table":
		return append(told, compareTables(is.name(), was.rows, is.rows)...)
	case "figure":
		return append(told, compareFigures(is.name(), was.text, is.text))
	}
	before, after := changedWords(was.text, is.text)
	return append(told, fmt.Sprintf("%s: %q → %q", is.kind, before, after))
}

// changedWords are the parts of two texts that differ, with a few words around.
func changedWords(was, is string) (before, after string) {
	a, b := strings.Fields(was), strings.Fields(is)
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	to := 0
	for to < min(len(a), len(b))-from && a[len(a)-1-to] == b[len(b)-1-to] {
		to++
	}
	const around = 3
	cut := func(words []string) string {
		text := strings.Join(words[max(0, from-around):min(len(words), len(words)-to+around)], " ")
		return shortTo(text, 160)
	}
	return cut(a), cut(b)
}

func shortTo(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// compareTables tells the cells that differ, by the first column's text and the
// column's title.
func compareTables(name string, was, is [][]string) []string {
	if len(was) == 0 || len(is) == 0 || !slices.Equal(was[0], is[0]) {
		return []string{name + ": it has other columns"}
	}
	var told []string
	rowKey := func(row []string) string { return strings.Join(row, "\t") }
	for _, run := range differences(was[1:], is[1:], rowKey) {
		old, now := run[0], run[1]
		for i := range max(len(old), len(now)) {
			switch {
			case i >= len(old):
				told = append(told, fmt.Sprintf("%s: new row %s", name, short(strings.Join(now[i], " | "))))
			case i >= len(now):
				told = append(told, fmt.Sprintf("%s: row %s is gone", name, short(strings.Join(old[i], " | "))))
			default:
				told = append(told, rowChanges(name, is[0], old[i], now[i])...)
			}
		}
	}
	if extra := len(told) - maxTold; extra > 1 {
		told = append(told[:maxTold], fmt.Sprintf("%s: and %d differences more", name, extra))
	}
	return told
}

func rowChanges(name string, head, was, is []string) []string {
	var told []string
	for i := range min(len(was), len(is)) {
		if was[i] == is[i] {
			continue
		}
		column := ""
		if i < len(head) {
			column = head[i]
		}
		told = append(told, fmt.Sprintf("%s: row %q, column %q: %s → %s", name, short(is[0]), column, cmp.Or(was[i], "(empty)"), cmp.Or(is[i], "(empty)")))
	}
	return told
}

// compareFigures tells the labels of a figure that are others, or that it is drawn
// otherwise.
func compareFigures(name, was, is string) string {
	var gone, now []string
	for _, run := range differences(figureTexts(was), figureTexts(is), func(s string) string { return s }) {
		gone, now = append(gone, run[0]...), append(now, run[1]...)
	}
	if len(gone)+len(now) == 0 {
		return name + ": it is drawn otherwise, with the same labels"
	}
	list := func(texts []string) string {
		if len(texts) > maxTold {
			return fmt.Sprintf("%q and %d more", texts[:maxTold], len(texts)-maxTold)
		}
		return fmt.Sprintf("%q", texts)
	}
	return fmt.Sprintf("%s: labels %s → %s", name, list(gone), list(now))
}

var isMarkup = regexp.MustCompile(`<svg[\s>]`)

// figureTexts are what can be read in a figure: its alt text and its labels.
func figureTexts(text string) []string {
	if !isMarkup.MatchString(text) {
		return nil
	}
	var texts []string
	z := html.NewTokenizer(strings.NewReader(text))
	for skip := false; ; {
		switch z.Next() {
		case html.ErrorToken:
			return texts
		case html.StartTagToken:
			tag, _ := z.TagName()
			skip = string(tag) == "style"
		case html.TextToken:
			if t := strings.Join(strings.Fields(string(z.Text())), " "); t != "" && !skip {
				texts = append(texts, t)
			}
		}
	}
}

// differences are the stretches in which two lists differ, by the longest common
// subsequence of their keys. A stretch may be empty on one side.
func differences[T any](a, b []T, key func(T) string) [][2][]T {
	x, y := keys(a, key), keys(b, key)
	from := 0
	for from < min(len(x), len(y)) && x[from] == y[from] {
		from++
	}
	to := 0
	for to < min(len(x), len(y))-from && x[len(x)-1-to] == y[len(y)-1-to] {
		to++
	}
	x, y, a, b = x[from:len(x)-to], y[from:len(y)-to], a[from:len(a)-to], b[from:len(b)-to]
	if len(x)+len(y) == 0 {
		return nil
	}
	if len(x)*len(y) > 25_000_000 { // too much to align: all of it differs
		return [][2][]T{{a, b}}
	}
	longest := commonLengths(x, y)
	width := len(y) + 1
	var runs [][2][]T
	i, j := 0, 0
	for startI, startJ := 0, 0; ; {
		same := i < len(x) && j < len(y) && x[i] == y[j]
		if done := i == len(x) && j == len(y); same || done {
			if i > startI || j > startJ {
				runs = append(runs, [2][]T{a[startI:i], b[startJ:j]})
			}
			if done {
				return runs
			}
			i, j = i+1, j+1
			startI, startJ = i, j
			continue
		}
		if j == len(y) || i < len(x) && longest[(i+1)*width+j] >= longest[i*width+j+1] {
			i++
		} else {
			j++
		}
	}
}

// commonLengths are the lengths of the longest common subsequences of x[i:] and
// y[j:], at i*(len(y)+1)+j.
func commonLengths(x, y []string) []int32 {
	width := len(y) + 1
	longest := make([]int32, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	return longest
}

func keys[T any](list []T, key func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = key(v)
	}
	return out
}
