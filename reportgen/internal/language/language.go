// Package language has the words that writers add to a report, such as "Figure" and
// "Contents", in the language of the document.
//
//	words := language.Of("pt")
//	words.Say("Figure")              // Figura
//	words.Say("%d cells failed:", 3) // 3 células falharam:
//
// The English text is the key. A language is one file, with a translation of each key;
// tests find keys without a translation and translations without a use. Text in the
// notebooks is their author's and is not translated.
package language

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// translations returns the translations of the keys by language.
var translations = sync.OnceValue(func() map[string]map[string]string {
	return map[string]map[string]string{"de": german(), "es": spanish(), "fr": french(), "pt": portuguese()}
})

// messages returns the catalog of all languages.
var messages = sync.OnceValue(func() catalog.Catalog {
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	for tag, all := range translations() {
		for key, text := range all {
			// It fails only for a language that is unknown.
			_ = b.SetString(language.MustParse(tag), key, text)
		}
	}
	return b
})

// supported returns the languages that reports can have, as BCP 47 tags.
func supported() []string {
	return append([]string{"en"}, slices.Sorted(maps.Keys(translations()))...)
}

// Parse returns a BCP 47 tag in its usual form, such as pt-BR for pt_br, and whether the words of its language are known.
func Parse(tag string) (usual string, known bool, err error) {
	t, err := language.Parse(tag)
	if err != nil {
		return "", false, fmt.Errorf("%q is not a language; want a tag such as %s", tag, strings.Join(supported(), ", "))
	}
	return t.String(), !Of(tag).English() || strings.HasPrefix(t.String(), "en"), nil
}

// Known lists the languages whose words are known.
func Known() string { return strings.Join(supported(), ", ") }

// Same reports whether two tags are of the same language, perhaps as it is written in different regions.
func Same(a, b string) bool {
	x, _ := language.Make(a).Base()
	y, _ := language.Make(b).Base()
	return x == y
}

// Words says texts in one language. It is not safe for concurrent use.
type Words struct {
	tag     string
	locale  language.Tag // whose marks numbers have
	printer *message.Printer
}

// English says the keys.
func English() *Words { return &Words{"en", language.English, message.NewPrinter(language.English)} }

// Of returns the words of a language, given as a BCP 47 tag such as pt-BR. Those of
// English are used for a language that is not supported.
func Of(tag string) *Words {
	tagged := supported()
	var tags []language.Tag
	for _, s := range tagged {
		tags = append(tags, language.MustParse(s))
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), tag)
	if i == 0 {
		return English()
	}
	locale := tags[i]
	if given := language.Make(tag); locale == language.Portuguese && region(given) != "BR" {
		locale = language.EuropeanPortuguese // plain pt would be that of Brazil
	}
	return &Words{tagged[i], locale, message.NewPrinter(locale, message.Catalog(messages()))}
}

// region returns the region that a tag names, or "".
func region(tag language.Tag) string {
	if r, confidence := tag.Region(); confidence == language.Exact {
		return r.String()
	}
	return ""
}

// Say returns the text that has the English form key, with the arguments in its verbs.
func (w *Words) Say(key string, args ...any) string {
	return w.printer.Sprintf(message.Key(key, key), args...)
}

// Failed returns the words before a list of n cells that failed.
func (w *Words) Failed(n int) string {
	if n == 1 {
		return w.Say("A cell failed:")
	}
	return w.Say("%d cells failed:", n)
}

// Warnings returns the words before a list of n warnings.
func (w *Words) Warnings(n int) string {
	if n == 1 {
		return w.Say("A warning about this report:")
	}
	return w.Say("%d warnings about this report:", n)
}

// Script returns the translations of the keys that the script of a page says, or nil in
// English.
func (w *Words) Script() map[string]string {
	all := translations()[w.tag]
	if all == nil {
		return nil
	}
	said := make(map[string]string)
	for _, key := range scriptKeys() {
		said[key] = all[key]
	}
	return said
}

// scriptKeys returns the keys that the script of a page says.
func scriptKeys() []string {
	return []string{
		"Auto", "Light", "Dark", "Theme: %s. Change", "Sort by this column", "Copied", "Copy", "Copy this table",
		"Save this table as CSV", "Copy this code", "Picture in full size", "Close", "Enlarge", "Enlarge this picture",
		"Save this picture as SVG", "Search", "Search this report", "1 match", "%d matches", "The first %d of %d matches",
		"on this page; the other pages cannot be searched without %s", "Names in this report",
	}
}
