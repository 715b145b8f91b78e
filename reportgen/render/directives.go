package render

import (
	"regexp"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// directiveLine matches a line of a cell's options that is a directive of nbdev, such as "export core", and not YAML.
var directiveLine = regexp.MustCompile(`^\s?([a-z_-]+)((?:\s+[^:]*)?)$`)

// hiddenLine matches a line of code that nbdev hides.
var hiddenLine = regexp.MustCompile(`(?m)^.*(?://|#)\s?\|\s?hide_line[ \t\r]*$\n?`)

// takeDirectives applies the directives of nbdev among the option lines of a cell (https://nbdev.fast.ai/explanations/
// directives.html), and returns the other lines. A YAML value that continues on lines of its own is indented or is a list.
func (b *builder) takeDirectives(where document.Origin, o *cellOptions, head string) string {
	var rest []string
	for line := range strings.SplitSeq(head, "\n") {
		m := directiveLine.FindStringSubmatch(line)
		if first, rest, _ := strings.Cut(strings.TrimPrefix(line, " "), " "); m == nil && slices.Contains(nbdevDirectives(), first) {
			m = []string{line, first, " " + rest} // "export a.b: c" is a directive too
		}
		if m == nil {
			rest = append(rest, line)
			continue
		}
		switch m[1] {
		case "hide":
			o.code, o.noOutput = CodeHidden, true
		case "hide_input":
			o.code = CodeHidden
		case "hide_output":
			o.noOutput = true
		case "collapse_input":
			if o.code == CodeShown {
				o.code, o.codeExpanded = CodeFolded, strings.TrimSpace(m[2]) == "show"
			}
		case "collapse_output":
			o.foldOutput = true
		case "filter_stream":
			o.filteredWords = append(o.filteredWords, strings.Fields(m[2])...)
		default:
			if !slices.Contains(nbdevDirectives(), m[1]) {
				b.warn(where, 0, "unknown directive %s (ignored)", m[1])
			}
		}
	}
	return strings.Join(rest, "\n")
}

// nbdevDirectives are the directives of nbdev. Those that takeDirectives does not apply are for its other commands.
func nbdevDirectives() []string {
	return []string{
		"hide", "hide_input", "hide_output", "hide_line", "collapse_input", "collapse_output", "default_exp", "export", "exporti",
		"exports", "filter_stream", "exec_doc", "skip_showdoc", "nbflags", "notest", "slow", "cuda", "code", "echo", "eval",
	}
}

// option returns an option line for the top of a cell, in a comment of the notebook's language.
func (b *builder) option(text string) string {
	switch b.language {
	case "go", "c", "c++", "cpp", "c#", "csharp", "java", "javascript", "typescript", "kotlin", "rust", "scala", "swift", "dart", "php":
		return "//| " + text
	case "sql", "haskell", "lua":
		return "--| " + text
	case "matlab", "octave", "latex", "erlang":
		return "%| " + text
	}
	return "#| " + text
}

// altHint says how to give a figure its alt text.
func (b *builder) altHint() string {
	hint := "add " + b.option("fig-alt: …") + " at the top of the cell"
	if b.language == "go" {
		hint += ", or use nb.Alt(…)"
	}
	return hint
}

// cellAlt is the alt text in a cell's metadata: alt of nbconvert, fig-alt of Quarto, or image.alt of MyST.
func cellAlt(cell *nbformat.Cell) string {
	for _, place := range []any{cell.Metadata, cell.Metadata["quarto"], member(cell.Metadata["mystnb"], "image"), member(cell.Metadata["render"], "image")} {
		m, ok := place.(map[string]any)
		if !ok {
			continue
		}
		for _, key := range []string{"alt", "fig-alt", "fig.alt"} {
			if alt, ok := m[key].(string); ok && strings.TrimSpace(alt) != "" {
				return strings.TrimSpace(alt)
			}
		}
	}
	return ""
}

func member(v any, key string) any {
	m, _ := v.(map[string]any)
	return m[key]
}
