package markdown

import (
	"fmt"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// mathSpan is a formula in running text, in the form in which GitHub takes
// nothing within for Markdown. A formula that holds its end stays as written.
func mathSpan(m *document.Math) string {
	tex := strings.Join(strings.Fields(m.TeX), " ")
	switch {
	case m.Display:
		return "$$" + lessThanTeX(tex) + "$$"
	case strings.Contains(tex, "`"):
		return "$" + lessThanTeX(tex) + "$"
	}
	return "$`" + tex + "`$"
}

// lessThanTeX keeps a formula from opening a tag.
func lessThanTeX(tex string) string { return strings.ReplaceAll(tex, "<", `\lt `) }

// equation is a formula on lines of its own, with its number as TeX sets one.
func equation(e *document.Equation) string {
	var lines []string
	for line := range strings.Lines(lessThanTeX(e.TeX)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	tex := strings.Join(lines, "\n")
	if e.MathML == "" || strings.Contains(tex, "$$") {
		return fence("tex", e.TeX) // GitHub would print an error in its place
	}
	if e.ID == "" {
		return "$$\n" + tex + "\n$$"
	}
	return fmt.Sprintf("<a id=%q></a>\n\n$$\n%s\n\\tag{%s}\n$$", e.ID, tex, e.Number)
}

// citation is the numbers of the works, each linked to its place in the list.
func (w *writer) citation(c *document.Citation) string {
	if !c.Resolved() {
		if c.Bare {
			return escape(c.Source)
		}
		return "**" + escape(c.Source) + "**"
	}
	var all []string
	for _, work := range c.Works {
		all = append(all, fmt.Sprintf("[%s](#%s)", escape(work.Printed()), work.Reference.ID))
	}
	return strings.Join(all, ", ")
}

// references is the list of the works that the report cites.
func (w *writer) references() []string {
	if len(w.doc.References) == 0 {
		return nil
	}
	blocks := []string{"## References"}
	for _, r := range w.doc.References {
		line := fmt.Sprintf("<a id=%q></a>%s ", r.ID, escape(fmt.Sprintf("[%d]", r.Number)))
		if r.Authors != "" {
			line += escape(r.Authors) + ", "
		}
		line += "“" + escape(r.Title) + ",”"
		if r.Container != "" {
			line += " *" + escape(r.Container) + "*"
			if r.Details != "" {
				line += ","
			}
		}
		if r.Details != "" {
			line += " " + escape(r.Details)
		}
		line += "."
		if r.Link != "" {
			line += " <" + r.Link + ">"
		}
		blocks = append(blocks, line)
	}
	return blocks
}
