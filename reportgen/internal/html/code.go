package html

import (
	"html/template"
	"regexp"
	"strings"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
)

// maxHighlight bounds the source that is coloured, in bytes: lexers are
// regular expressions, and slow on what no cell holds.
const maxHighlight = 256 << 10

// languageName is what a language may be called. Without a match for it, chroma
// tries the name as that of a file, against every pattern that it has.
var languageName = regexp.MustCompile(`^[A-Za-z0-9+#-]{1,30}$`)

// highlight is source code with a class for what its tokens mean. The style
// sheet has a colour for each class in each theme.
func highlight(language, source string) template.HTML {
	source = strings.TrimRight(source, "\n")
	plain := template.HTML(template.HTMLEscapeString(source))
	if !languageName.MatchString(language) || len(source) > maxHighlight {
		return plain
	}
	lexer := lexers.Get(language)
	if lexer == nil {
		return plain
	}
	tokens, err := chroma.Coalesce(lexer).Tokenise(nil, source)
	if err != nil {
		return plain
	}
	var b strings.Builder
	for token := tokens(); token != chroma.EOF; token = tokens() {
		text := template.HTMLEscapeString(token.Value)
		if class := tokenClass(token.Type); class != "" {
			text = `<span class="` + class + `">` + text + "</span>"
		}
		b.WriteString(text)
	}
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
