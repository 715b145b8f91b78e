package document

import (
	"strings"
	"unicode"
)

// Heading opens a section. The depth is that of the report: a notebook's first
// heading has depth 1, whatever its number of hashes.
type Heading struct {
	Depth  int
	Number string // "2", "2.1"; "" where it is unnumbered
	ID     string // unique in the document
	Text   *Text
}

func (*Heading) block() {}

// Slug is a heading's text as GitHub makes an anchor of it: lower case, spaces
// to hyphens, other punctuation gone.
func Slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(text)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
