package document

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/flowbook/flowbook/pkg/budget"
)

// The limits of Markdown. The parser needs time that grows with the square of the marks of a paragraph and of the levels
// of quotes and lists in each other, of the footnotes of a cell, and fills each row of a table up to its header.
const (
	markdownMost = 4 << 20 // bytes of a cell
	marksMost    = 2000    // brackets, asterisks and so on of a paragraph
	nestingMost  = 50      // levels
	cellsMost    = 20_000  // cells of tables, beyond one for each byte
	notesMost    = 2000    // footnotes of a cell
)

// CheckMarkdown finds Markdown that takes too long to parse. Its error names the line.
func CheckMarkdown(source string) error {
	if err := budget.Check("Markdown", int64(len(source)), markdownMost, budget.Bytes); err != nil {
		return err
	}
	marks, number, fence := 0, 0, ""
	costs := costs{size: len(source)}
	for line := range strings.Lines(source) {
		number++
		text := strings.TrimLeft(line, " \t>")
		switch {
		case fence != "":
			if strings.HasPrefix(text, fence) {
				fence = ""
			}
			continue
		case strings.HasPrefix(text, "```"), strings.HasPrefix(text, "~~~"):
			fence, marks = text[:3], 0
			continue
		}
		levels, item := nesting(line)
		if err := budget.Check("quote or list", int64(levels), nestingMost, budget.Levels); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		if text = strings.TrimRight(text, "\r\n"); text == "" || item || text[0] == '|' || text[0] == '#' || text[0] == '<' {
			marks = 0 // each is a paragraph of its own, or none
		}
		if err := costs.add(text); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		for i := range len(text) {
			if strings.IndexByte("[]!*_`~$", text[i]) >= 0 {
				marks++
			}
		}
		if text != "" && text[0] == '<' {
			marks = 0
		}
		if err := budget.Check("paragraph", int64(marks), marksMost, "brackets and other marks"); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	return nil
}

// delimiters matches the line below the header of a table.
var delimiters = regexp.MustCompile(`^\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$`)

// costs counts what the parser makes of a source: the cells of tables, whose rows it fills, and footnotes, among which it
// looks for that of each reference.
type costs struct {
	size    int // of the source in bytes
	columns int // of the table that the last line belongs to
	cells   int
	notes   int
}

func (c *costs) add(line string) error {
	switch {
	case line == "":
		c.columns = 0
	case c.columns > 0:
		c.cells += c.columns
	case delimiters.MatchString(line):
		c.columns = strings.Count(line, "|") + 1
	case strings.HasPrefix(line, "[^"):
		c.notes++
	}
	return errors.Join(
		budget.Check("tables, with their rows filled", int64(c.cells), int64(c.size+cellsMost), "cells"),
		budget.Check("footnotes", int64(c.notes), notesMost, "notes"),
	)
}

// nesting returns how many quotes and lists a line begins, and whether any of them is a list. Indentation continues the
// lists of the lines before.
func nesting(line string) (levels int, item bool) {
	spaces := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ':
			spaces++
		case c == '\t':
			spaces += 4
		case c == '>':
			levels++
		case (c == '-' || c == '*' || c == '+') && i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '\t'):
			levels, item = levels+1, true
		case c >= '0' && c <= '9' || (c == '.' || c == ')') && i > 0 && line[i-1] >= '0' && line[i-1] <= '9':
			if c == '.' || c == ')' {
				levels, item = levels+1, true
			}
		default:
			return levels + spaces/8, item
		}
	}
	return levels, item
}
