package html

import (
	"html/template"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

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
