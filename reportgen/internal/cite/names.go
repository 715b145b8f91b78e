package cite

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names reads a list of names as BibTeX does: "First von Last", "von Last, First" and
// "von Last, Jr, First", joined by "and". Braces protect what is within them.
func names(list string) []Name {
	var all []Name
	for _, name := range splitTop(strings.Join(strings.Fields(list), " "), " and ") {
		name = strings.TrimSpace(name)
		parts := splitTop(name, ",")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		switch {
		case name == "":
		case len(parts) == 1 && strings.HasPrefix(name, "{") && closingBrace(name) == len(name)-1:
			all = append(all, Name{Family: plain(name)})
		case len(parts) >= 3:
			all = append(all, Name{Given: plain(parts[2]), Family: plain(parts[0]), Suffix: plain(parts[1])})
		case len(parts) == 2 && generation.MatchString(parts[1]):
			all = append(all, firstLast(parts[0], plain(parts[1])))
		case len(parts) == 2:
			all = append(all, Name{Given: plain(parts[1]), Family: plain(parts[0])})
		default:
			all = append(all, firstLast(name, ""))
		}
	}
	return all
}

// generation matches the suffix of a name.
var generation = regexp.MustCompile(`^(?i:jr|sr|junior|senior|ii|iii|iv)\.?$`)

// firstLast reads a name without commas: the last word is the family's name, with the
// words in lower case before it.
func firstLast(name, suffix string) Name {
	words := splitTop(strings.ReplaceAll(name, "~", " "), " ")
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	if n := len(words); suffix == "" && n > 2 && generation.MatchString(words[n-1]) {
		words, suffix = words[:n-1], words[n-1]
	}
	split := len(words) - 1
	for i, w := range words[:max(split, 0)] {
		first := strings.IndexFunc(w, unicode.IsLetter)
		if i == 0 || first < 0 || strings.HasPrefix(w, "{") {
			continue
		}
		if letter, _ := utf8.DecodeRuneInString(w[first:]); unicode.IsLower(letter) {
			split = i
			break
		}
	}
	return Name{Given: plain(strings.Join(words[:max(split, 0)], " ")), Family: plain(strings.Join(words[max(split, 0):], " ")), Suffix: suffix}
}

// splitTop splits a text at a separator outside of braces. Separators of letters are
// found in any case.
func splitTop(s, separator string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		case depth == 0 && i+len(separator) <= len(s) && strings.EqualFold(s[i:i+len(separator)], separator):
			parts = append(parts, s[start:max(start, i)]) // the space before a name may end the separator before it
			start = i + len(separator)
			i = start - 1
			if separator == " and " {
				i-- // an empty name may follow
			}
		}
	}
	return append(parts, s[min(start, len(s)):])
}

// closingBrace returns the index of the brace that closes the one at the start.
func closingBrace(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
