// Package translate puts the texts of notebooks, and those that their cells compute, into
// another language by a catalog of messages.
//
// A catalog is a YAML file that lists texts with their translations:
//
//   - text: "%d flows"
//     as: "%d fluxos"
//   - text: The hosts of the test day sent %s and received %s.
//     as: As máquinas do dia de teste enviaram %s e receberam %s.
//
// A text is a paragraph, a heading, an item of a list, a caption, a cell of a table or a
// label of a figure. In it, %d stands for a number and %s for any text, which is
// translated itself. A translation may change their order, as with %[2]s. Lists ("a, b and
// c") and clauses that a semicolon or comma separates are translated one by one, and
// numbers get the marks of the language:
//
//	t, err := translate.Parse(source, "pt")
//	t.Text("334,778 flows") // 334 778 fluxos
//	t.Missing()             // the texts that have no translation
//
// So one catalog serves what authors write and what programs print, in any kernel, and
// cells need not run again for another language.
package translate

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/flowbook/flowbook/reportgen/internal/language"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
)

// Translator translates texts into one language. It is not safe for concurrent use.
type Translator struct {
	words    *language.Words
	catalog  bool // there is one; else only numbers and names of countries change
	messages map[string]string
	patterns []pattern
	missing  map[string]bool
}

// message is an entry of a catalog.
type message struct {
	Text string `yaml:"text"`
	As   string `yaml:"as"`
}

// pattern is a text with verbs.
type pattern struct {
	text   string
	prefix string // the text before the first verb
	match  *regexp.Regexp
	as     string
	weight int // characters that are not verbs
}

// verb matches a verb of a text or translation.
var verb = regexp.MustCompile(`%(?:\[(\d)\])?([sd])|%%`)

// number matches a number as programs print it in English.
const number = `[−-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?`

// Numbers returns a translator without a catalog, for texts whose words are in the
// language already.
func Numbers(lang string) *Translator {
	return &Translator{words: language.Of(lang), messages: map[string]string{}, missing: map[string]bool{}}
}

// Parse reads a catalog of translations to a language. It returns an error if an entry
// occurs twice, lacks one of its texts, or has verbs that its text lacks.
func Parse(source []byte, lang string) (*Translator, error) {
	t := Numbers(lang)
	t.catalog = true
	var entries []message
	if err := yamltext.Unmarshal(source, &entries, yaml.Strict()); err != nil {
		return nil, err
	}
	for i, m := range entries {
		text, as := oneLine(m.Text), oneLine(m.As)
		switch {
		case text == "" || as == "":
			return nil, fmt.Errorf("entry %d: text or as is missing", i+1)
		case t.messages[text] != "":
			return nil, fmt.Errorf("entry %d: %q occurs twice", i+1, text)
		}
		if err := sameVerbs(text, as); err != nil {
			return nil, fmt.Errorf("entry %d: %q: %w", i+1, text, err)
		}
		t.messages[text] = as
		if verb.MatchString(text) {
			t.patterns = append(t.patterns, newPattern(text, as))
		}
	}
	slices.SortStableFunc(t.patterns, func(a, b pattern) int { return cmp.Compare(b.weight, a.weight) })
	return t, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// sameVerbs returns an error if a translation has other verbs than its text.
func sameVerbs(text, as string) error {
	have, used := len(kinds(text)), map[int]bool{}
	next := 0
	for _, m := range verb.FindAllStringSubmatch(as, -1) {
		if m[0] == "%%" {
			continue
		}
		i := next
		if m[1] != "" {
			i = int(m[1][0]-'0') - 1
		}
		if i < 0 || i >= have {
			return fmt.Errorf("the translation has a verb %s that the text lacks", m[0])
		}
		used[i] = true
		next = i + 1
	}
	if len(used) != have {
		return fmt.Errorf("the translation lacks a verb: it has %d of %d", len(used), have)
	}
	return nil
}

// kinds returns the verbs of a text, "s" or "d".
func kinds(text string) []string {
	var all []string
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		if m[0] != "%%" {
			all = append(all, m[2])
		}
	}
	return all
}

func newPattern(text, as string) pattern {
	var b strings.Builder
	b.WriteString(`^(?s:`)
	p := pattern{text: text, as: as}
	rest := 0
	for i, at := range verb.FindAllStringSubmatchIndex(text, -1) {
		literal := text[rest:at[0]]
		if text[at[0]:at[1]] == "%%" {
			b.WriteString(regexp.QuoteMeta(literal + "%"))
			p.weight += len(literal) + 1
			rest = at[1]
			continue
		}
		if i == 0 {
			p.prefix = literal
		}
		b.WriteString(regexp.QuoteMeta(literal))
		p.weight += len(literal)
		if text[at[4]:at[5]] == "d" {
			b.WriteString("(" + number + ")")
		} else {
			b.WriteString("(.+?)")
		}
		rest = at[1]
	}
	b.WriteString(regexp.QuoteMeta(text[rest:]) + ")$")
	p.weight += len(text) - rest
	p.match = regexp.MustCompile(b.String())
	return p
}

// Missing returns the texts that should have been translated and were not, sorted.
func (t *Translator) Missing() []string { return slices.Sorted(maps.Keys(t.missing)) }
