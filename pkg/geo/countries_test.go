package geo

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// cldrName is the name of a code in golang.org/x/text, or "".
func cldrName(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return ""
	}
	return display.English.Regions().Name(region)
}

// TestCountryNames compares the table with CLDR's for all codes of two letters.
func TestCountryNames(t *testing.T) {
	var want strings.Builder
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			name := cldrName(code)
			if name == "" {
				name = code
			} else {
				fmt.Fprintf(&want, "%s\t%s\n", code, name)
			}
			for _, c := range []string{code, strings.ToLower(code)} {
				if got := CountryName(c); got != name && (name != code || got != c) {
					t.Errorf("%s is %q, want %q", c, got, name)
				}
			}
		}
	}
	testenv.Golden(t, "countries.tsv", want.String())
	for _, odd := range []string{"", "A", "USA", "-\t", "\n\n", "é"} {
		if got := CountryName(odd); got != odd {
			t.Errorf("%q is %q", odd, got)
		}
	}
}
