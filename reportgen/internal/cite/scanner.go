package cite

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

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
