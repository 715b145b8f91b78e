package html

import (
	"html/template"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/dlclark/regexp2/v2"
)

// The limits of highlighting. Lexers are regular expressions, and some need time that grows with the square of what they
// read; source beyond the limits is shown without colours. The times are of the wall clock, which also runs while other
// programs do: they are so long that no common source reaches them on a busy machine, and two renderings are the same.
const (
	maxHighlight     = 256 << 10 // bytes of a source
	maxHighlightTime = 10 * time.Second
	maxHighlightAll  = time.Minute // of a document, beyond a second for each source
)

// languages are the names of lexers. Of other names, chroma tries every pattern of file names that it has.
var languages = sync.OnceValue(func() map[string]bool {
	// Chroma gives each pattern 250 ms, after which it tries the next one and the colours are others. The time is compared
	// with a clock that moves in such steps, so that none ends before.
	regexp2.SetTimeoutCheckPeriod(maxHighlightTime)
	names := map[string]bool{}
	for _, name := range lexers.Names(true) {
		names[strings.ToLower(name)] = true
	}
	return names
})

// highlighter highlights the sources of a document.
type highlighter struct{ spent time.Duration }

// highlight is source code with a class for what its tokens mean. The style sheet has a colour for each class in each
// theme.
func (h *highlighter) highlight(language, source string) template.HTML {
	source = strings.TrimRight(source, "\n")
	plain := template.HTML(template.HTMLEscapeString(source))
	if !languages()[strings.ToLower(language)] || len(source) > maxHighlight || h.spent > maxHighlightAll {
		return plain
	}
	start := time.Now()
	defer func() { h.spent += max(0, time.Since(start)-time.Second) }()
	tokens, err := lexers.Get(language).Tokenise(nil, source)
	if err != nil {
		return plain
	}
	var b, run strings.Builder // run is the tokens of one type that follow each other
	var kind chroma.TokenType
	flush := func() {
		text := template.HTMLEscapeString(run.String())
		if class := tokenClass(kind); class != "" && text != "" {
			text = `<span class="` + class + `">` + text + "</span>"
		}
		b.WriteString(text)
		run.Reset()
	}
	for token := tokens(); token != chroma.EOF; token = tokens() {
		if time.Since(start) > maxHighlightTime {
			return plain
		}
		if token.Type != kind {
			flush()
			kind = token.Type
		}
		run.WriteString(token.Value)
	}
	flush()
	return template.HTML(strings.TrimRight(b.String(), "\n"))
}

// tokenClass is the class of a token, "" for plain text.
func tokenClass(t chroma.TokenType) string {
	switch {
	case t.InCategory(chroma.Comment):
		return "co"
	case t.InCategory(chroma.Keyword):
		return "kw"
	case t.InSubCategory(chroma.LiteralString):
		return "st"
	case t.InCategory(chroma.Literal):
		return "nu"
	case t == chroma.NameFunction, t == chroma.NameFunctionMagic:
		return "fn"
	case t == chroma.NameBuiltin, t == chroma.NameClass, t == chroma.NameDecorator:
		return "bu"
	}
	return ""
}
