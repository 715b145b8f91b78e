package cite

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func parseBibTeX(data []byte) ([]*Work, error) {
	scanner := newScanner(string(data))
	var works []*Work
	for {
		e, err := scanner.next()
		if e == nil || err != nil {
			return works, err
		}
		fields := e.fields
		field := func(name string) string { return plain(fields[name]) }
		year, _, _ := strings.Cut(field("date"), "-")
		works = append(works, &Work{
			Key:       e.key,
			Authors:   names(cmp.Or(fields["author"], fields["editor"], fields["organization"])),
			Title:     field("title"),
			Container: cmp.Or(field("journal"), field("journaltitle"), field("booktitle"), field("howpublished")),
			Volume:    field("volume"),
			Issue:     field("number"),
			Pages:     strings.ReplaceAll(field("pages"), "-", "–"),
			Edition:   field("edition"),
			Publisher: cmp.Or(field("publisher"), field("school"), field("institution")),
			Year:      cmp.Or(field("year"), year),
			DOI:       field("doi"),
			URL:       strings.Trim(fields["url"], "{}"),
			Note:      field("note"),
		})
	}
}

// names reads BibTeX's list of names: "Family, Given and Given Family and
// {Organisation}".
func names(list string) []Name {
	var all []Name
	for name := range strings.SplitSeq(strings.Join(strings.Fields(list), " "), " and ") {
		name = strings.TrimSpace(name)
		switch family, given, comma := strings.Cut(name, ","); {
		case name == "":
		case strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}"):
			all = append(all, Name{Family: plain(name)})
		case comma:
			all = append(all, Name{Given: plain(given), Family: plain(family)})
		default:
			words := strings.Fields(name)
			split := len(words) - 1
			// Particles such as van belong to the family's name.
			for split > 1 && strings.ToLower(words[split-1]) == words[split-1] {
				split--
			}
			all = append(all, Name{Given: plain(strings.Join(words[:split], " ")), Family: plain(strings.Join(words[split:], " "))})
		}
	}
	return all
}

var (
	accent  = regexp.MustCompile(`\\([` + "`" + `'^"~=.uvHcrkd])\s*\{?\\?(\pL)\}?`)
	command = regexp.MustCompile(`\\([A-Za-z]+)\s?|\\([&%$#_{} ])`)
)

// combining maps TeX's accents to Unicode combining characters.
var combining = map[string]rune{
	"`": 0x300, "'": 0x301, "^": 0x302, "~": 0x303, "=": 0x304, "u": 0x306, ".": 0x307, `"`: 0x308,
	"r": 0x30a, "H": 0x30b, "v": 0x30c, "d": 0x323, "c": 0x327, "k": 0x328,
}

// letters maps commands to the letter or symbol that they print.
var letters = map[string]string{
	"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
	"i": "ı", "textendash": "–", "textemdash": "—", "LaTeX": "LaTeX", "TeX": "TeX", "textregistered": "®",
}

// plain converts TeX text to Unicode and removes braces and commands.
func plain(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = accent.ReplaceAllStringFunc(s, func(m string) string {
		parts := accent.FindStringSubmatch(m)
		if unicode.IsLetter(rune(parts[1][0])) && !strings.ContainsAny(m[2:3], " {") {
			return m // \url and not \u
		}
		return norm.NFC.String(parts[2] + string(combining[parts[1]]))
	})
	s = command.ReplaceAllStringFunc(s, func(m string) string {
		parts := command.FindStringSubmatch(m)
		return cmp.Or(parts[2], letters[parts[1]])
	})
	s = strings.NewReplacer("{", "", "}", "", "---", "—", "--", "–", "``", "“", "''", "”", "~", "\u00a0").Replace(s)
	return strings.TrimSpace(s)
}

// entry is one @type{key, name = value, …} of a BibTeX file. The fields' names
// are in lower case, their values still TeX.
type entry struct {
	kind, key string
	fields    map[string]string
}

// scanner reads BibTeX by the grammar of its manual (Patashnik, BibTeXing,
// 1988): text outside of entries is a comment; a value is one or more numbers,
// {braced} or "quoted" strings and @string macros, joined by #.
type scanner struct {
	source string
	at     int
	names  map[string]string // of @string and of the months
}

func newScanner(source string) *scanner {
	s := &scanner{source: source, names: map[string]string{}}
	for _, month := range []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"} {
		s.names[strings.ToLower(month)] = month
	}
	return s
}

func (s *scanner) fail(format string, args ...any) error {
	line := 1 + strings.Count(s.source[:min(s.at, len(s.source))], "\n")
	return fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
}

// next is the next entry that is a work, nil at the end.
func (s *scanner) next() (*entry, error) {
	for {
		start := strings.IndexByte(s.source[s.at:], '@')
		if start < 0 {
			return nil, nil
		}
		s.at += start + 1
		kind := strings.ToLower(s.word())
		if kind == "comment" {
			continue
		}
		shut := byte('}')
		switch s.skip(); s.peek() {
		case '{':
		case '(':
			shut = ')'
		default:
			continue // an address in a comment
		}
		s.at++
		e := &entry{kind: kind, fields: map[string]string{}}
		var err error
		switch kind {
		case "preamble":
			_, err = s.value()
		case "string":
			err = s.fieldsInto(s.names, shut)
		default:
			s.skip()
			if e.key = s.word(); e.key == "" {
				return nil, s.fail("an entry of type %s has no key", kind)
			}
			if s.skip(); s.peek() == ',' {
				s.at++
			}
			if err = s.fieldsInto(e.fields, shut); err == nil {
				return e, nil
			}
		}
		if err != nil {
			return nil, fmt.Errorf("@%s{%s: %w", kind, e.key, err)
		}
	}
}

// fieldsInto reads fields to the end of the entry.
func (s *scanner) fieldsInto(fields map[string]string, shut byte) error {
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
		fields[name] = value
		switch s.skip(); s.peek() {
		case ',':
			s.at++
		case shut:
		default:
			return s.fail("field %s: missing comma after the value", name)
		}
	}
}

// value is a field's value with its parts joined.
func (s *scanner) value() (string, error) {
	var b strings.Builder
	for {
		part, err := s.part()
		if err != nil {
			return "", err
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
			return "", s.fail("%q is not a number, a string or an @string macro", word)
		}
		return text, nil
	}
	start, depth := s.at+1, 0
	for i := start; i < len(s.source); i++ {
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
