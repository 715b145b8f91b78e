package html

import (
	"unicode/utf8"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// longText is the number of characters from which a text is prose, which a narrow
// column would set one word below the other.
const longText = 30

// classes are the style classes of the cells of each column: n for numbers, long
// for prose, "" for what fits on a line.
func classes(t *document.Table) []string {
	all := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if c.Numeric {
			all[i] = "n"
			continue
		}
		for _, row := range t.Rows {
			if utf8.RuneCountInString(row[i].Text) >= longText {
				all[i] = "long"
				break
			}
		}
	}
	return all
}
