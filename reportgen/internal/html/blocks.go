package html

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// picture is a figure's picture in the page: SVG as part of it, in the colours
// of the theme; anything else embedded, on paper.
func picture(p *document.Picture) template.HTML {
	if p.Vector == nil || p.Vector.Styled {
		return embedded(p)
	}
	return template.HTML(p.Vector.Inline(p.Name+"-", p.Alt))
}

// readable is the width in CSS pixels below which a figure is not shrunk on a
// phone: it scrolls instead. The style sheet says the same in rem.
const readable = 544

// wide reports whether the picture is wider than it may be shrunk to.
func wide(p *document.Picture) bool {
	if p.Vector == nil {
		return false
	}
	width, _ := p.Vector.Size()
	return width > readable
}

// embedded is a picture as an element that holds its own data: an SVG with a style
// sheet cannot affect the page from there.
func embedded(p *document.Picture) template.HTML {
	media, data := p.Media, p.Data
	if p.Vector != nil {
		media, data = "image/svg+xml", p.Vector.Standalone("")
	}
	source := fmt.Sprintf("data:%s;base64,%s", template.HTMLEscapeString(media), base64.StdEncoding.EncodeToString(data))
	if p.Moving() {
		element, _, _ := strings.Cut(p.Media, "/")
		return template.HTML(fmt.Sprintf(`<%s class="paper" controls preload="metadata"%s%s src="%s"></%s>`,
			element, document.Escaped("aria-label", cmp.Or(p.Alt, element)), size(p), source, element))
	}
	return template.HTML(fmt.Sprintf(`<img class="paper%s" alt="%s"%s src="%s">`,
		floating(p), template.HTMLEscapeString(p.Alt), size(p), source))
}

func floating(p *document.Picture) string {
	if p.Float == "left" || p.Float == "right" {
		return " " + p.Float
	}
	return ""
}

// vectorSize is the width of the box around a vector picture, which fills it.
func vectorSize(p *document.Picture) template.HTMLAttr {
	if p.Vector == nil || p.Vector.Styled || p.Width == "" {
		return ""
	}
	return template.HTMLAttr(document.Escaped("style", "width: "+p.Width+";"))
}

// size is the size of a picture as a style attribute.
func size(p *document.Picture) string {
	style := ""
	if p.Width != "" {
		style = "width: " + p.Width + ";"
	}
	if p.Height != "" {
		style += "height: " + p.Height + ";"
	}
	if style == "" {
		return ""
	}
	return document.Escaped("style", style)
}

// spans is terminal text with a class for each style.
func spans(all []terminal.Span) template.HTML {
	var b strings.Builder
	for _, s := range all {
		text := template.HTMLEscapeString(s.Text)
		if len(s.Classes) > 0 {
			text = `<span class="t-` + strings.Join(s.Classes, " t-") + `">` + text + "</span>"
		}
		b.WriteString(text)
	}
	return template.HTML(b.String())
}

// longText is the number of characters from which a text is prose, which a narrow
// column would set one word below the other.
const longText = 30

// classes are the style classes of the cells of each column: n for numbers, long
// for prose, "" for what fits on a line.
func classes(t *document.Table) []string {
	all := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if c.Numeric {
			all[i] = "n"
			continue
		}
		for _, row := range t.Rows {
			if utf8.RuneCountInString(row[i].Text) >= longText {
				all[i] = "long"
				break
			}
		}
	}
	return all
}

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
