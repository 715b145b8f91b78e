// Package magic reads the special lines of GoNB's cells as GoNB 0.11.5 does
// (internal/specialcmd and internal/goexec/composer.go of its module).
//
// A line is special if its first character is % or ! and more follows; the prefix
// "//gonb:" before it, which keeps Go tools quiet, is ignored. A special line that
// ends with a backslash continues on the next. There are four kinds:
//
//	%%bash, %%script CMD …  in the first line: the whole cell is input of a program
//	%% ARGS, %main ARGS     the lines that follow are the body of main
//	%env NAME VALUE …       a command of GoNB
//	!ls                     a command of the shell
//
// The package uses the standard library only, because the kernel's go command is
// built from it wherever a kernel is, see package prebuild.
package magic

import "strings"

// Cell is a cell taken apart.
type Cell struct {
	Script   string   // the first line, if the cell is input of a program and not Go; else empty
	Commands []string // commands of GoNB and the shell, without the lines that begin main
	lines    []line
}

type line struct {
	text    string
	special bool
	main    bool // the lines that follow are the body of main
}

// scripts are the commands that take the whole cell.
var scripts = []string{"%%writefile", "%%script", "%%bash", "%%sh", "%%gx"}

// Parse reads the source of a cell.
func Parse(source string) *Cell {
	texts := strings.Split(source, "\n")
	c := &Cell{lines: make([]line, len(texts))}
	for i, text := range texts {
		c.lines[i].text = text
	}
	first := strings.Fields(trim(texts[0]))
	for _, s := range scripts {
		if len(first) > 0 && first[0] == s {
			c.Script = trim(texts[0])
			return c
		}
	}
	for i := range c.lines {
		if !c.lines[i].special && isSpecial(trim(texts[i])) {
			c.command(i)
		}
		// GoNB looks for main in every line, also in one that continues a command.
		c.lines[i].main = beginsMain(trim(texts[i]))
	}
	return c
}

// command joins the lines of the command that begins at an index.
func (c *Cell) command(i int) {
	begins := trim(c.lines[i].text)
	text := ""
	for ; i < len(c.lines); i++ {
		c.lines[i].special = true
		text += trim(c.lines[i].text)
		if !strings.HasSuffix(text, `\`) {
			break
		}
		text = strings.TrimSuffix(text, `\`) + " "
	}
	if !beginsMain(begins) {
		c.Commands = append(c.Commands, text)
	}
}

func trim(text string) string { return strings.TrimPrefix(text, "//gonb:") }

func isSpecial(text string) bool { return len(text) > 1 && (text[0] == '%' || text[0] == '!') }

func beginsMain(text string) bool {
	rest, ok := strings.CutPrefix(text, "%%")
	return strings.HasPrefix(text, "%main") || ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

// Shell reports whether the cell runs a command of the shell.
func (c *Cell) Shell() bool {
	for _, command := range c.Commands {
		if command[0] == '!' {
			return true
		}
	}
	return c.Script != ""
}

// Special reports whether any line is not Go.
func (c *Cell) Special() bool {
	for _, l := range c.lines {
		if l.special {
			return true
		}
	}
	return c.Script != ""
}

// HasGo reports whether the cell has any Go code to run.
func (c *Cell) HasGo() bool {
	if c.Script != "" {
		return false
	}
	for _, l := range c.lines {
		if l.main || !l.special && strings.TrimSpace(l.text) != "" {
			return true
		}
	}
	for _, command := range c.Commands {
		if strings.HasPrefix(command, "%test") {
			return true
		}
	}
	return false
}

// Declarations is the Go source before main. Special lines are empty in it, so
// that lines keep their numbers.
func (c *Cell) Declarations() string {
	if c.Script != "" {
		return ""
	}
	var texts []string
	for _, l := range c.lines {
		switch {
		case l.main:
			return strings.Join(texts, "\n")
		case l.special, isPackage(l.text):
			texts = append(texts, "")
		default:
			texts = append(texts, l.text)
		}
	}
	return strings.Join(texts, "\n")
}

// isPackage reports whether GoNB drops the line as a package clause.
func isPackage(text string) bool { return strings.HasPrefix(text, "package") }

// Main is the source of the function main that GoNB makes of a cell that is nothing
// else: one line %% with comments before it and Go after it. ok is false for other
// cells.
func (c *Cell) Main() (source string, ok bool) {
	if c.Script != "" || len(c.Commands) > 0 {
		return "", false
	}
	var b strings.Builder
	for _, l := range c.lines {
		switch {
		case isPackage(l.text), strings.HasPrefix(l.text, "//gonb:"):
			return "", false
		case l.special:
			if b.Len() > 0 || !l.main || !strings.HasPrefix(l.text, "%%") || strings.HasSuffix(l.text, `\`) {
				return "", false
			}
			b.WriteString("func main() {\n\tflag.Parse()\n")
		case b.Len() > 0:
			b.WriteString(l.text + "\n")
		case strings.TrimSpace(l.text) != "" && !strings.HasPrefix(l.text, "//"):
			return "", false
		}
	}
	if b.Len() == 0 {
		return "", false
	}
	return b.String() + "\n}", true
}
