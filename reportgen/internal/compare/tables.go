package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/volatile"
)

// compareTables lists the values that differ, by the text in the first column of their row and the title of their column.
func compareTables(title string, was, is *document.Table) []string {
	found := compareParts(title, was.Parts, is.Parts,
		func(p *document.TablePart) (string, *document.Text) { return p.Letter, p.Caption },
		func(part string, was, is *document.TablePart) []string {
			return compareTables(part, was.Table, is.Table)
		})
	if !slices.Equal(was.Columns, is.Columns) {
		names := func(t *document.Table) string {
			var all []string
			for _, c := range t.Columns {
				all = append(all, c.Title)
			}
			return strings.Join(all, " | ")
		}
		if names(was) != names(is) {
			return append(found, fmt.Sprintf("%s: columns %s → %s", title, shorten(names(was), 80), shorten(names(is), 80)))
		}
		found = append(found, title+": columns are aligned differently")
	}
	var rows []string
	for _, run := range differences(was.Rows, is.Rows, rowKey) {
		old, now := run[0], run[1]
		for i := range max(len(old), len(now)) {
			switch {
			case i >= len(old):
				rows = append(rows, "new row "+rowText(now[i]))
			case i >= len(now):
				rows = append(rows, "removed row "+rowText(old[i]))
			default:
				rows = append(rows, rowChanges(is.Columns, old[i], now[i])...)
			}
		}
	}
	for _, change := range limit(rows, "differences") {
		found = append(found, title+": "+change)
	}
	return found
}

func rowKey(row []document.Value) string {
	var b strings.Builder
	for _, v := range row {
		fmt.Fprintf(&b, "%q %q ", volatile.Text(v.Text), volatile.Text(v.Raw))
	}
	return b.String()
}

func rowText(row []document.Value) string {
	var all []string
	for _, v := range row {
		all = append(all, v.Text)
	}
	return shorten(strings.Join(all, " | "), 80)
}

func rowChanges(columns []document.Column, was, is []document.Value) []string {
	var found []string
	for i := range min(len(was), len(is), len(columns)) {
		place := fmt.Sprintf("row %q, column %q", shorten(is[0].Text, 80), columns[i].Title)
		switch {
		case volatile.Text(was[i].Text) != volatile.Text(is[i].Text):
			found = append(found, fmt.Sprintf("%s: %s → %s", place, cmp.Or(was[i].Text, "(empty)"), cmp.Or(is[i].Text, "(empty)")))
		case volatile.Text(was[i].Raw) != volatile.Text(is[i].Raw):
			found = append(found, fmt.Sprintf("%s: %s is %s, was %s", place, is[i].Text, is[i].Raw, was[i].Raw))
		}
	}
	return found
}
