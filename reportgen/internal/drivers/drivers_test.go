package drivers

import "testing"

// A notebook that names no kernel runs in the usual one of its language.
func TestUsualName(t *testing.T) {
	for language, want := range map[string]string{"": "python3", "python": "python3", "ipython": "python3", "go": "gonb", "julia": ""} {
		if got := All().UsualName(language); got != want {
			t.Errorf("%q: %q, want %q", language, got, want)
		}
	}
}

// A notebook without a language has that of its kernel.
func TestOfLanguage(t *testing.T) {
	for _, c := range []struct{ language, name, comment string }{
		{"python", "anything", "#"}, {"ipython", "", "#"}, {"", "python3.11", "#"},
		{"go", "", "//"}, {"", "gonb", "//"}, {"", "ir", ""}, {"julia", "gonb", ""},
	} {
		comment := ""
		if p := All().OfLanguage(c.language, c.name).Parameters(); p != nil {
			comment = p.Comment()
		}
		if comment != c.comment {
			t.Errorf("%q, %q: comments begin with %q, want %q", c.language, c.name, comment, c.comment)
		}
	}
}
