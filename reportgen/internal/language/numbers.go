package language

import (
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// English reports whether the words are the keys.
func (w *Words) English() bool { return w.tag == "en" }

// Number writes a number that is printed in English, such as 1,234.5, with the marks of
// the language.
func (w *Words) Number(english string) string {
	if w.English() {
		return english
	}
	// What the language writes in a number that needs both marks.
	sample := w.printer.Sprintf("%.1f", 1234567.5)
	digits := strings.FieldsFunc(sample, func(r rune) bool { return r >= '0' && r <= '9' })
	if len(digits) < 2 {
		return english
	}
	group, decimal := digits[0], digits[len(digits)-1]
	return strings.NewReplacer(",", group, ".", decimal).Replace(english)
}

// countries returns the regions by their English names.
var countries = sync.OnceValue(func() map[string]language.Region {
	all := map[string]language.Region{}
	english := display.English.Regions()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string([]rune{a, b}))
			if err != nil || !r.IsCountry() || r.Canonicalize() != r {
				continue
			}
			if name := english.Name(r); name != "" {
				all[name] = r
				all["The "+name] = r
			}
		}
	}
	return all
})

// Country returns the name of a country, given by its English name. It returns false for
// what is not the English name of a country.
func (w *Words) Country(english string) (string, bool) {
	r, ok := countries()[english]
	if !ok || w.English() {
		return english, false
	}
	name := display.Regions(w.locale).Name(r)
	return name, name != ""
}

// months are the keys of the months.
var months = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// Date returns a date in words, such as 21 March 2024.
func (w *Words) Date(date time.Time) string {
	return w.Say("%s %s %s", date.Format("2"), w.Say(months[date.Month()-1]), date.Format("2006"))
}
