package cite

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// entry is one @type{key, name = value, …} of a BibTeX file. The fields' names
// are in lower case, their values still TeX.
type entry struct {
	kind, key string
	line      int
	fields    map[string]string
}

// scanner reads BibTeX by the grammar of its manual (Patashnik, BibTeXing,
// 1988): text outside of entries is a comment; a value is one or more numbers,
// {braced} or "quoted" strings and @string macros, joined by #.
type scanner struct {
	source string
	at     int
	names  map[string]string // of @string and of the months

	warnings  []Warning
	counted   int // the line of countedAt
	countedAt int
	repeated  int // bytes of macros and of inherited fields
}

// The limits of a bibliography.
const (
	Most         = 8 << 20  // bytes of a file
	repeatedMost = 16 << 20 // bytes that macros and crossrefs stand for
	faultsMost   = 1000
)

// parseBibTeX reads the works of a BibTeX file.
func parseBibTeX(data []byte) ([]*Work, []Warning) {
	scanner := newScanner(string(data))
	var entries []*entry
	byKey := map[string]*entry{}
	faults := 0
	for {
		e, err := scanner.next()
		if err != nil {
			w := Warning{Text: err.Error() + "; the entry is skipped"}
			if fault, ok := errors.AsType[*scanError](err); ok {
				w.Line = fault.line
			}
			scanner.warnings = append(scanner.warnings, w)
			if faults++; faults == faultsMost {
				scanner.warn("more than %d faults; the rest of the file is skipped", faultsMost)
				break
			}
			continue
		}
		if e == nil {
			break
		}
		entries = append(entries, e)
		if key := strings.ToLower(e.key); byKey[key] == nil {
			byKey[key] = e
		}
	}
	var works []*Work
	for _, e := range entries {
		scanner.inherit(e, byKey)
		works = append(works, e.work())
	}
	return works, scanner.warnings
}

// inherit fills the fields that an entry lacks from the one that its crossref names.
func (s *scanner) inherit(e *entry, byKey map[string]*entry) {
	key := strings.ToLower(strings.TrimSpace(e.fields["crossref"]))
	if key == "" {
		return
	}
	parent := byKey[key]
	if parent == nil {
		s.warnings = append(s.warnings, Warning{Line: e.line, Text: fmt.Sprintf("entry %q: crossref to %q, which is not in the file", e.key, key)})
		return
	}
	if parent == e || parent.fields["crossref"] != "" {
		return // BibTeX follows only one step
	}
	for _, name := range slices.Sorted(maps.Keys(parent.fields)) {
		if _, own := e.fields[name]; !own && !slices.Contains([]string{"title", "crossref", "author", "label"}, name) {
			if !s.mayRepeat(len(parent.fields[name])) {
				s.warnings = append(s.warnings, Warning{Line: e.line, Text: fmt.Sprintf("entry %q: the fields of the crossref are left out, since those of the file stand for more than %d MB", e.key, repeatedMost>>20)})
				return
			}
			e.fields[name] = parent.fields[name]
		}
	}
	if e.fields["booktitle"] == "" && e.kind != "book" {
		e.fields["booktitle"] = parent.fields["title"]
	}
}

// work converts an entry.
func (e *entry) work() *Work {
	field := func(name string) string { return plain(e.fields[name]) }
	year, _, _ := strings.Cut(field("date"), "-")
	w := &Work{
		Key:       e.key,
		Authors:   names(e.fields["author"]),
		Editors:   names(e.fields["editor"]),
		Title:     field("title"),
		Container: cmp.Or(field("journal"), field("journaltitle"), field("booktitle"), field("maintitle"), field("howpublished")),
		Volume:    field("volume"),
		Issue:     cmp.Or(field("number"), field("issue")),
		Series:    field("series"),
		Chapter:   field("chapter"),
		Pages:     regexp.MustCompile(`\s*[-–—]+\s*`).ReplaceAllString(field("pages"), "–"),
		Edition:   field("edition"),
		Publisher: cmp.Or(field("publisher"), field("school"), field("institution")),
		Place:     cmp.Or(field("address"), field("location")),
		Year:      cmp.Or(field("year"), year),
		DOI:       strings.Trim(e.fields["doi"], "{}"),
		URL:       strings.Trim(e.fields["url"], "{}"),
		Note:      field("note"),
		line:      e.line,
	}
	if subtitle := field("subtitle"); subtitle != "" {
		w.Title += ": " + subtitle
	}
	if len(w.Authors)+len(w.Editors) == 0 {
		if organization := cmp.Or(field("organization"), field("key")); organization != "" {
			w.Authors = []Name{{Family: organization}}
		}
	}
	if url := howpublishedURL.FindStringSubmatch(e.fields["howpublished"]); url != nil && w.URL == "" {
		w.URL = url[1]
		if w.Container == plain(e.fields["howpublished"]) {
			w.Container = ""
		}
	}
	kind := map[string]string{"phdthesis": "Ph.D. dissertation", "mastersthesis": "M.S. thesis", "techreport": "Tech. Rep."}[e.kind]
	if kind = cmp.Or(field("type"), kind); kind != "" && w.Container == "" {
		w.Container, w.Issue = strings.TrimSpace(kind+" "+w.Issue), ""
	}
	if id := strings.Trim(e.fields["eprint"], "{} "); id != "" && strings.EqualFold(cmp.Or(field("archiveprefix"), field("eprinttype"), "arxiv"), "arxiv") {
		w.Container = cmp.Or(w.Container, "arXiv:"+id)
		if w.URL == "" {
			w.URL = "https://arxiv.org/abs/" + id
		}
	}
	return w
}

var howpublishedURL = regexp.MustCompile(`\\url\s*\{([^{}]+)\}`)

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
			parts = append(parts, s[start:i])
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

func newScanner(source string) *scanner {
	s := &scanner{source: source, names: map[string]string{}}
	for _, month := range []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"} {
		s.names[strings.ToLower(month)] = month
	}
	return s
}

// scanError is a fault at a line.
type scanError struct {
	line int
	text string
}

func (e *scanError) Error() string { return e.text }

func (s *scanner) fail(format string, args ...any) error {
	return &scanError{s.line(), fmt.Sprintf(format, args...)}
}

// line returns the scanner's line, from 1. It counts on from where it was called last.
func (s *scanner) line() int {
	at := min(s.at, len(s.source))
	if at < s.countedAt {
		s.counted, s.countedAt = 0, 0
	}
	s.counted += strings.Count(s.source[s.countedAt:at], "\n")
	s.countedAt = at
	return 1 + s.counted
}

// warn notes a fault that costs only a part of an entry.
func (s *scanner) warn(format string, args ...any) {
	s.warnings = append(s.warnings, Warning{Line: s.line(), Text: fmt.Sprintf(format, args...)})
}

// next returns the next entry that is a work, nil at the end. After an error, the next
// entry can be read.
func (s *scanner) next() (*entry, error) {
	for {
		start := strings.IndexByte(s.source[s.at:], '@')
		if start < 0 {
			return nil, nil
		}
		s.at += start + 1
		e := &entry{kind: strings.ToLower(s.word()), line: s.line(), fields: map[string]string{}}
		begin := s.at
		shut := byte('}')
		switch s.skip(); s.peek() {
		case '{':
		case '(':
			shut = ')'
		default:
			continue // an address in a comment
		}
		s.at++
		var err error
		switch e.kind {
		case "comment":
			continue
		case "preamble":
			_, err = s.value()
		case "string":
			err = s.fieldsInto(e.kind, s.names, shut)
		default:
			s.skip()
			if e.key = s.word(); e.key == "" {
				return nil, s.fail("an entry of type %s has no key", e.kind)
			}
			if s.skip(); s.peek() == ',' {
				s.at++
			}
			if err = s.fieldsInto(e.kind, e.fields, shut); err == nil {
				return e, nil
			}
		}
		if err != nil {
			s.resume(begin)
			return nil, fmt.Errorf("@%s{%s: %w", e.kind, e.key, err)
		}
	}
}

// entryStart matches the start of an entry on a line of its own.
var entryStart = regexp.MustCompile(`(?m)^[ \t]*@[A-Za-z]+[ \t]*[{(]`)

// resume continues after an entry with a fault, at the next line that begins one.
func (s *scanner) resume(begin int) {
	if next := entryStart.FindStringIndex(s.source[begin:]); next != nil {
		s.at = begin + next[0]
		return
	}
	s.at = len(s.source)
}

// fieldsInto reads fields to the end of the entry.
func (s *scanner) fieldsInto(kind string, fields map[string]string, shut byte) error {
	for {
		s.skip()
		if s.peek() == shut {
			s.at++
			return nil
		}
		name := strings.ToLower(s.word())
		if name == "" {
			return s.fail("a field has no name, or the entry is not closed")
		}
		if s.skip(); s.peek() != '=' {
			return s.fail("field %s: missing =", name)
		}
		s.at++
		value, err := s.value()
		if err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
		if _, twice := fields[name]; twice && kind != "string" {
			s.warn("field %s: duplicate; the first value is used", name)
		} else {
			fields[name] = value
		}
		switch s.skip(); s.peek() {
		case ',':
			s.at++
		case shut:
		default:
			return s.fail("field %s: missing comma after the value", name)
		}
	}
}

// maxValue bounds a value, which may repeat others.
const maxValue = 64 << 10

// value returns a field's value with its parts joined.
func (s *scanner) value() (string, error) {
	var b strings.Builder
	for {
		part, err := s.part()
		if err != nil {
			return "", err
		}
		if b.Len()+len(part) > maxValue {
			return "", s.fail("the value is longer than %d kB", maxValue>>10)
		}
		b.WriteString(part)
		if s.skip(); s.peek() != '#' {
			return b.String(), nil
		}
		s.at++
	}
}

func (s *scanner) part() (string, error) {
	s.skip()
	open := s.peek()
	if open != '{' && open != '"' {
		word := s.word()
		if word == "" {
			return "", s.fail("missing value")
		}
		if strings.Trim(word, "0123456789") == "" {
			return word, nil
		}
		text, ok := s.names[strings.ToLower(word)]
		if !ok {
			s.warn("%q is not a number, a string or an @string macro", word)
			return "", nil
		}
		if !s.mayRepeat(len(text)) {
			return "", s.fail("the macros of the file stand for more than %d MB", repeatedMost>>20)
		}
		return text, nil
	}
	start, depth := s.at+1, 0
	for i := start; i < min(len(s.source), start+maxValue); i++ {
		switch c := s.source[i]; {
		case c == '\\':
			i++
		case c == '{':
			depth++
		case depth == 0 && (c == '"' && open == '"' || c == '}' && open == '{'):
			s.at = i + 1
			return s.source[start:i], nil
		case c == '}':
			depth--
		}
	}
	if len(s.source)-start > maxValue {
		return "", s.fail("the value is longer than %d kB, or not closed", maxValue>>10)
	}
	return "", s.fail("the value is not closed")
}

// mayRepeat counts the bytes of a text that is used again.
func (s *scanner) mayRepeat(bytes int) bool {
	s.repeated += bytes
	return s.repeated <= repeatedMost
}

func (s *scanner) peek() byte {
	if s.at < len(s.source) {
		return s.source[s.at]
	}
	return 0
}

func (s *scanner) skip() {
	s.at = len(s.source) - len(strings.TrimLeftFunc(s.source[s.at:], unicode.IsSpace))
}

// word is a name or a key: all but space and what BibTeX gives a meaning.
func (s *scanner) word() string {
	rest := s.source[s.at:]
	n := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`{}(),="#%`, r) })
	if n < 0 {
		n = len(rest)
	}
	s.at += n
	return rest[:n]
}
