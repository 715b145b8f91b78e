package markdown

import (
	"cmp"
	"fmt"
	"html"
	"regexp"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/terminal"
)

// fence is code in a fence that nothing in it can close.
func fence(language, code string) string {
	mark := strings.Repeat("`", max(3, longestRun(code)+1))
	language, _, _ = strings.Cut(strings.Map(func(r rune) rune {
		if r == '`' || r == '<' {
			return -1
		}
		return r
	}, language), " ")
	if code = strings.TrimRight(code, "\n"); code != "" {
		code += "\n"
	}
	return mark + language + "\n" + code + mark
}

func (w *writer) code(c *document.Code) string {
	source := fence(c.Language, c.Source)
	if c.Caption != nil {
		source = fmt.Sprintf("<a id=%q></a>\n\n**%s %s** %s\n\n%s", c.ID, w.words.Say("Listing"), c.Number, w.line(c.Caption), source)
	}
	if !c.Folded || c.Caption != nil {
		return source
	}
	return details(cmp.Or(c.Summary, w.words.Say("Code")), c.Expanded) + "\n\n" + source + "\n\n</details>"
}

// details opens a part that a reader unfolds. Its summary is HTML, where
// Markdown's escapes would be printed.
func details(summary string, open bool) string {
	tag := "<details>"
	if open {
		tag = "<details open>"
	}
	return tag + "<summary>" + html.EscapeString(strings.Join(strings.Fields(summary), " ")) + "</summary>"
}

func (w *writer) failure(f *document.Failure) string {
	what := w.words.Say("This cell failed")
	if f.Expected {
		what = w.words.Say("The cell ends with an error, as expected")
	}
	return fmt.Sprintf("<a id=%q></a>\n\n> **%s** — %s\n>\n> %s\n\n%s",
		f.Anchor, what, Escape(f.Origin.String()), Escape(f.Name+": "+f.Value), fence("text", terminal.Plain(f.Trace)))
}

// picture is an image that refers to the picture's file. Only HTML can state a size, and
// GitHub does not play sounds and videos of a repository.
func (w *writer) picture(p *document.Picture) string {
	if p.Width+p.Height+p.Float != "" && !p.Moving() {
		return w.imageTag(p)
	}
	mark, text := "!", p.Alt
	if p.Moving() {
		mark, text = "", cmp.Or(p.Alt, p.Name)
	}
	return fmt.Sprintf("%s[%s](%s)", mark, Escape(text), w.file(p))
}

// file returns the path of a picture's file, which is written with the report.
func (w *writer) file(p *document.Picture) string {
	w.pictures = append(w.pictures, p)
	return p.File()
}

// imageTag is a picture as HTML.
func (w *writer) imageTag(p *document.Picture) string {
	file := w.file(p)
	if p.Moving() {
		return fmt.Sprintf(`<a href="%s">%s</a>`, file, html.EscapeString(cmp.Or(p.Alt, p.Name)))
	}
	tag := "<img" + document.Escaped("src", file) + document.Escaped("alt", p.Alt)
	for _, size := range []struct{ name, value string }{{"width", p.Width}, {"height", p.Height}, {"align", p.Float}} {
		if size.value != "" {
			tag += document.Escaped(size.name, strings.TrimSuffix(size.value, "px"))
		}
	}
	return tag + ">"
}

// fragment is the HTML of a fragment, sanitized. Pictures refer to their files.
func (w *writer) fragment(f *document.Fragment) string {
	var b strings.Builder
	for _, piece := range f.Pieces {
		switch {
		case piece.Picture != nil:
			b.WriteString(w.imageTag(piece.Picture))
		case piece.Link != nil:
			tag := "<a"
			if destination := piece.Link.Destination; destination != "" {
				if id, ok := strings.CutPrefix(destination, "#"); ok {
					destination = w.href(w.anchor(id))
				}
				tag += document.Escaped("href", destination)
			}
			b.WriteString(w.sanitizer.Tags(tag + piece.Link.Attributes + ">"))
		case piece.Formula != nil:
			b.WriteString(htmlFormula(piece.Formula))
		default:
			b.WriteString(w.sanitizer.Tags(piece.Markup))
		}
	}
	return b.String()
}

func (w *writer) figure(f *document.Figure) string {
	blocks := []string{fmt.Sprintf("<a id=%q></a>", f.ID)}
	if f.Picture != nil {
		blocks = append(blocks, w.picture(f.Picture))
	}
	for _, p := range f.Parts {
		blocks = append(blocks, fmt.Sprintf("<a id=%q></a>", p.ID), w.picture(p.Picture), w.subcaption(p.Letter, p.Caption))
	}
	if f.Caption != nil {
		blocks = append(blocks, fmt.Sprintf("**%s %s** %s", w.words.Say("Figure"), f.Number, w.line(f.Caption)))
	}
	return document.JoinBlocks(blocks)
}

func (w *writer) table(t *document.Table) string {
	blocks := []string{fmt.Sprintf("<a id=%q></a>", t.ID)}
	if t.Caption != nil {
		blocks = append(blocks, fmt.Sprintf("**%s %s** %s", w.words.Say("Table"), t.Number, w.line(t.Caption)))
	}
	if len(t.Parts) == 0 {
		return document.JoinBlocks(append(blocks, w.grid(t)))
	}
	for _, p := range t.Parts {
		blocks = append(blocks, fmt.Sprintf("<a id=%q></a>", p.ID), w.subcaption(p.Letter, p.Caption), w.grid(p.Table))
	}
	return document.JoinBlocks(blocks)
}

// subcaption is how a part of a figure or table is called.
func (w *writer) subcaption(letter string, caption *document.Text) string {
	line := "(" + letter + ")"
	if caption != nil {
		line += " " + w.line(caption)
	}
	return line
}

// grid is the rows of a table.
func (w *writer) grid(t *document.Table) string {
	if t.Body != nil {
		return w.blocks(t.Body.Root, t.Body.Source)
	}
	if len(t.Columns) == 0 {
		return w.words.Say("No rows.")
	}
	var titles, marks []string
	for _, c := range t.Columns {
		titles = append(titles, Escape(c.Title))
		if c.Numeric {
			marks = append(marks, "---:")
		} else {
			marks = append(marks, "---")
		}
	}
	rows := []string{"| " + strings.Join(titles, " | ") + " |", "| " + strings.Join(marks, " | ") + " |"}
	for _, row := range t.Rows {
		var cells []string
		for _, v := range row {
			cells = append(cells, Escape(v.Text))
		}
		rows = append(rows, "| "+strings.Join(cells, " | ")+" |")
	}
	if len(t.Rows) == 0 {
		rows = append(rows, "", w.words.Say("No rows."))
	}
	return strings.Join(rows, "\n")
}

// special matches what GitHub does not print as it is: see the cases of Escape.
var special = regexp.MustCompile("[\\\\`*\\[\\]<>|~$]|&[#\\w]+;|\\b_+|_+\\b|://|(?i:\\bwww\\.)|^(?:[-+#=]|\\d+[.)] )")

// Escape returns Markdown on one line that prints s and nothing else, on GitHub too.
func Escape(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return special.ReplaceAllStringFunc(s, func(m string) string {
		switch {
		case m == "<":
			return "&lt;"
		case m == ">":
			return "&gt;"
		case m[0] == '&':
			return "&amp;" + m[1:]
		case m[0] == '_':
			return strings.Repeat(`\_`, len(m))
		case m == "://":
			return `\://`
		case m[0] == 'w' || m[0] == 'W':
			return m[:len(m)-1] + `\.`
		case m[0] >= '0' && m[0] <= '9':
			return m[:len(m)-2] + "\\" + m[len(m)-2:]
		}
		return "\\" + m
	})
}
