package geo

import (
	_ "embed"
	"strings"
)

// countries holds a line "code TAB name" for each region that Unicode's CLDR
// names in English. It is a table and not package display of golang.org/x/text,
// from which a test makes it, because each cell would link all languages of that.
//
//go:embed countries.tsv
var countries string

// CountryName is the English name of an ISO 3166-1 alpha-2 code by Unicode's
// CLDR, or the code itself where CLDR names none.
func CountryName(code string) string {
	if len(code) != 2 {
		return code
	}
	for line := range strings.Lines(countries) {
		if of, name, _ := strings.Cut(line, "\t"); strings.EqualFold(of, code) {
			return strings.TrimSuffix(name, "\n")
		}
	}
	return code
}
