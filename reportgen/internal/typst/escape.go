package typst

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// special matches the characters that Typst's markup gives a meaning
// (https://typst.app/docs/reference/syntax/), and what it replaces by other characters:
// two hyphens, three dots, quotation marks.
var special = regexp.MustCompile("[\\\\#$*_`<>@\\[\\]~=+/'\"-]|\\.\\.\\.|^\\d+\\.")

// escape returns markup that prints s and nothing else.
func escape(s string) string {
	s = document.KeepUnits(clean(s))
	return special.ReplaceAllStringFunc(s, func(m string) string {
		switch {
		case m == "...":
			return `.\..`
		case len(m) > 1: // a number that would begin an enumeration
			return m[:len(m)-1] + `\.`
		}
		return `\` + m
	})
}

// clean replaces control characters, which a compiler refuses or a printer drops.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// quoted returns s as a string of Typst's code.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(clean(s)) + `"`
}
