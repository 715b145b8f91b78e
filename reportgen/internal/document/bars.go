package document

import (
	"regexp"
	"strings"
)

var (
	delimiterRow = regexp.MustCompile(`^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\r?$`)
	fenceLine    = regexp.MustCompile("^ {0,3}(```+|~~~+)")
	barFormula   = regexp.MustCompile(`\$[^\s$](?:[^$\n]*[^\s$])?\$`)
)

// hideBars replaces the bars in formulas of Markdown tables by commands, since Markdown
// would end a cell there, and JupyterLab does not.
func hideBars(source string) string {
	if !strings.Contains(source, "|") || !strings.Contains(source, "$") {
		return source
	}
	lines := strings.Split(source, "\n")
	fence, table := "", false
	for i, line := range lines {
		if m := fenceLine.FindStringSubmatch(line); m != nil && (fence == "" || strings.HasPrefix(m[1], fence)) {
			if fence != "" {
				fence = ""
			} else {
				fence = m[1]
			}
			table = false
			continue
		}
		switch {
		case fence != "":
			continue
		case i+1 < len(lines) && strings.Contains(line, "|") && strings.Contains(lines[i+1], "-") && delimiterRow.MatchString(lines[i+1]):
			table = true
		case strings.TrimSpace(line) == "":
			table = false
		}
		if table && strings.Contains(line, "$") {
			lines[i] = withoutBars(line)
		}
	}
	return strings.Join(lines, "\n")
}

// withoutBars replaces the bars in the formulas of a line. A digit behind a dollar sign
// belongs to an amount of money.
func withoutBars(line string) string {
	var b strings.Builder
	last := 0
	for _, at := range barFormula.FindAllStringIndex(line, -1) {
		formula := line[at[0]:at[1]]
		if at[1] < len(line) && line[at[1]] >= '0' && line[at[1]] <= '9' || strings.Trim(formula, "$| ") == "" {
			continue
		}
		b.WriteString(line[last:at[0]])
		b.WriteString(strings.NewReplacer(`\\`, `\\`, `\|`, `\Vert{}`, "|", `\vert{}`).Replace(formula))
		last = at[1]
	}
	return b.String() + line[last:]
}
