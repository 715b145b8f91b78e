package cite

import (
	"cmp"
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

// combining are the marks that TeX's accents put on a letter.
var combining = map[string]rune{
	"`": 0x300, "'": 0x301, "^": 0x302, "~": 0x303, "=": 0x304, "u": 0x306, ".": 0x307, `"`: 0x308,
	"r": 0x30a, "H": 0x30b, "v": 0x30c, "d": 0x323, "c": 0x327, "k": 0x328,
}

// letters are the commands that print a letter or a sign.
var letters = map[string]string{
	"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
	"i": "ı", "textendash": "–", "textemdash": "—", "LaTeX": "LaTeX", "TeX": "TeX", "textregistered": "®",
}

// plain is TeX's text as Unicode, without braces and commands.
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
