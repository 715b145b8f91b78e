package translate

import (
	"maps"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text translates a text on one line: a paragraph, a heading or a caption. If the catalog
// lacks it, it is missing, and returned as it is.
func (t *Translator) Text(text string) string {
	if !t.catalog || !strings.ContainsFunc(text, isLetter) {
		return text
	}
	text = oneLine(text)
	if as, ok := t.known(text, 0, ". "); ok {
		return as
	}
	if as, ok := t.sentences(text); ok {
		return as
	}
	if as, ok := t.known(text, 0, ""); ok {
		return as
	}
	if m := labelled.FindStringSubmatch(text); m != nil {
		if as := t.value(m[2], 1); as != m[2] {
			return t.value(m[1], 1) + ": " + as
		}
	}
	if hasWords(text) {
		t.missing[text] = true
	}
	return text
}

// sentences translates the sentences of a text one by one, as programs compose the alt text of
// a figure. It returns false if the catalog has none of them, or lacks words of one.
func (t *Translator) sentences(text string) (as string, some bool) {
	missing := maps.Clone(t.missing)
	parts := splitSentences(text)
	if len(parts) == 1 && !strings.HasSuffix(text, ".") {
		return text, false
	}
	for i, part := range parts {
		part, end := strings.CutSuffix(part, ".")
		parts[i] = t.value(part, 1)
		some = some || parts[i] != t.numbers(part)
		if end {
			parts[i] += "."
		}
	}
	if !some || len(t.missing) > len(missing) {
		t.missing = missing
		return text, false
	}
	return strings.Join(parts, " "), true
}

// splitSentences divides a text at the spaces after full stops, if what follows can begin a sentence.
func splitSentences(text string) []string {
	var all []string
	for {
		at := startOfNext.FindStringIndex(text)
		if at == nil {
			return append(all, text)
		}
		all = append(all, text[:at[0]+1])
		text = text[at[0]+2:]
	}
}

var startOfNext = regexp.MustCompile(`\. [\p{Lu}\d]`)

// labelled matches a text about names, such as "beacon and dns-c2: no history".
var labelled = regexp.MustCompile(`^([\w.:-]+(?:(?:, | and )[\w.:-]+)*): (.+)$`)

// Idle reports whether no text changes.
func (t *Translator) Idle() bool { return !t.catalog && t.words.English() }

// Complete reports whether there is a catalog, so that all texts are to be translated.
func (t *Translator) Complete() bool { return t.catalog }

// Name translates the name of a country. Other names remain as they are.
func (t *Translator) Name(name string) string {
	country, _ := t.words.Country(name)
	return country
}

// Value translates a cell of a table or a label of a figure. Names, addresses and other
// data remain as they are; only words of the catalog are translated.
func (t *Translator) Value(text string) string { return t.value(text, 0) }

// deepest bounds the texts within texts.
const deepest = 6

// known returns the translation of a text that the catalog has as a whole. If the text has
// the separator, patterns without it do not count: their verbs would span clauses.
func (t *Translator) known(text string, depth int, separator string) (string, bool) {
	if as, ok := t.messages[text]; ok && !verb.MatchString(text) {
		return strings.ReplaceAll(as, "%%", "%"), true
	}
	if depth > 0 {
		if as, ok := t.messages[otherCase(text)]; ok && !verb.MatchString(text) {
			return strings.ReplaceAll(otherCase(as), "%%", "%"), true
		}
	}
	if depth > deepest {
		return text, false
	}
	for _, p := range t.patterns {
		if !strings.HasPrefix(text, p.prefix) || strings.Contains(text, separator) && !strings.Contains(p.text, separator) {
			continue
		}
		if m := p.match.FindStringSubmatch(text); m != nil {
			return t.filled(p.as, m[1:], depth+1), true
		}
	}
	return text, false
}

// otherCase returns a text with a small first letter if that is a capital, and the other way
// round: the titles of columns are also in the middle of sentences, and their names at the
// beginning.
func otherCase(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if second, _ := utf8.DecodeRuneInString(text[size:]); unicode.IsUpper(second) {
		return text // an abbreviation
	}
	if unicode.IsUpper(first) {
		return string(unicode.ToLower(first)) + text[size:]
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// filled returns a translation with its verbs replaced.
func (t *Translator) filled(as string, args []string, depth int) string {
	next := 0
	return verb.ReplaceAllStringFunc(as, func(v string) string {
		if v == "%%" {
			return "%"
		}
		m := verb.FindStringSubmatch(v)
		i := next
		if m[1] != "" {
			i = int(m[1][0]-'0') - 1
		}
		next = i + 1
		return t.value(args[i], depth)
	})
}

// value translates a part of a text: what the catalog has as a whole, else clause by
// clause, else its numbers.
func (t *Translator) value(text string, depth int) string {
	if as, ok := t.known(text, depth, "; "); ok {
		return as
	}
	if country, ok := t.words.Country(text); ok {
		return country
	}
	if depth > deepest {
		return text
	}
	if t.catalog {
		if m := withNote.FindStringSubmatch(text); m != nil {
			if note, ok := t.known(m[2], depth+1, ""); ok {
				return t.value(m[1], depth+1) + " (" + note + ")"
			}
		}
		for _, separator := range []string{"; ", ": ", ", ", " and ", " → "} {
			if as, ok := t.clauses(text, separator, depth+1); ok {
				return as
			}
		}
		if sentence.MatchString(text) {
			t.missing[text] = true
		}
	}
	return t.numbers(text)
}

// withNote matches a text with a note in parentheses at its end.
var withNote = regexp.MustCompile(`^(.+) \(([^()]+)\)$`)

// clauses translates the clauses of a text one by one, if the catalog has one of them or
// more.
func (t *Translator) clauses(text, separator string, depth int) (string, bool) {
	parts := strings.Split(text, separator)
	if len(parts) == 1 {
		return "", false
	}
	some := false
	for i, part := range parts {
		parts[i] = t.value(part, depth)
		some = some || parts[i] != part
	}
	if !some && separator != " and " {
		return "", false
	}
	if separator == " and " {
		separator = " " + t.words.Say("and") + " "
	}
	return strings.Join(parts, separator), true
}

// sentence matches words of English prose: two that are in lower case and have letters
// only, one after the other.
var sentence = regexp.MustCompile(`(?:^|[ (])[a-z]{2,} [a-z]{2,}(?:$|[ ,.;:)])`)

// word matches a word of a text.
var word = regexp.MustCompile(`\p{L}{2,}`)

func hasWords(text string) bool { return word.MatchString(text) }

func isLetter(r rune) bool { return r > 127 || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// printed matches a number that may be part of something else, such as an address.
var printed = regexp.MustCompile(`[\w.,:/\-]*\d[\w.,:/\-]*`)

var whole = regexp.MustCompile(`^(` + number + `)(s|[kMGTPE]?B?)?([.,:]?)$`)

// numbers writes the numbers of a text with the marks of the language. Addresses, times,
// dates and names are not numbers.
func (t *Translator) numbers(text string) string {
	return printed.ReplaceAllStringFunc(text, func(s string) string {
		m := whole.FindStringSubmatch(s)
		if m == nil {
			return s
		}
		return t.words.Number(m[1]) + m[2] + m[3]
	})
}

// Number writes the numbers of a formatted quantity with the marks of the language.
func (t *Translator) Number(text string) string {
	if as, ok := t.known(text, 0, ""); ok {
		return as
	}
	return t.numbers(text)
}
