package document

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// gridLine matches a line between the rows of a grid table.
var gridLine = regexp.MustCompile(`^\+(?:[-=:]+\+)+\s*$`)

// gridTableParser parses Pandoc's grid tables (https://pandoc.org/MANUAL.html#extension-grid_tables). The cells of a row may
// have several lines, but none may span others.
type gridTableParser struct{}

// Trigger implements parser.BlockParser.
func (gridTableParser) Trigger() []byte { return []byte{'+'} }

// Open implements parser.BlockParser. It reads the whole table, so that a text that is not one stays as it is.
func (gridTableParser) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := reader.PeekLine()
	at := pc.BlockOffset()
	if at < 0 || !gridLine.Match(line[at:]) {
		return nil, parser.NoChildren
	}
	number, position := reader.Position()
	var lines []text.Segment
	for {
		line, segment := reader.PeekLine()
		cut := bytes.TrimLeft(line, " ")
		if len(cut) == 0 || cut[0] != '+' && cut[0] != '|' {
			break
		}
		lines = append(lines, trimmed(segment, reader.Source()))
		reader.AdvanceLine()
	}
	last := lines[len(lines)-1]
	table := gridTable(lines, reader.Source())
	reader.SetPosition(number, position)
	if table == nil || !gridLine.Match(last.Value(reader.Source())) {
		return nil, parser.NoChildren
	}
	for range len(lines) - 1 {
		reader.AdvanceLine()
	}
	reader.AdvanceToEOL()
	return table, parser.NoChildren
}

// Continue implements parser.BlockParser.
func (gridTableParser) Continue(ast.Node, text.Reader, parser.Context) parser.State {
	return parser.Close
}

// Close implements parser.BlockParser.
func (gridTableParser) Close(ast.Node, text.Reader, parser.Context) {}

// CanInterruptParagraph implements parser.BlockParser.
func (gridTableParser) CanInterruptParagraph() bool { return false }

// CanAcceptIndentedLine implements parser.BlockParser.
func (gridTableParser) CanAcceptIndentedLine() bool { return false }

// gridTable returns the table of lines, or nil if they are not one.
func gridTable(lines []text.Segment, source []byte) *east.Table {
	edges := gridEdges(lines[0].Value(source))
	table := east.NewTable()
	rules := lines[0].Value(source) // with the alignments
	var rows []*east.TableRow
	header := 0
	row := gridRow(len(edges) - 1)
	for _, segment := range lines[1:] {
		line := segment.Value(source)
		if gridLine.Match(line) {
			rows = append(rows, row)
			row = gridRow(len(edges) - 1)
			if bytes.ContainsRune(line, '=') {
				header, rules = len(rows), line
			}
			continue
		}
		if !addGridLine(row, segment, edges, source) {
			return nil
		}
	}
	if len(rows) == 0 || header > 1 {
		return nil
	}
	for i := range len(edges) - 1 {
		table.Alignments = append(table.Alignments, gridAlignment(rules, edges[i]+1, edges[i+1]))
	}
	head := gridRow(len(edges) - 1)
	if header == 1 {
		head, rows = rows[0], rows[1:]
	}
	table.AppendChild(table, east.NewTableHeader(head))
	for _, row := range rows {
		table.AppendChild(table, row)
	}
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		i := 0
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cell.(*east.TableCell).Alignment = table.Alignments[i]
			i++
		}
	}
	return table
}

// gridEdges returns the columns of characters in which the borders of cells are.
func gridEdges(rule []byte) []int {
	var edges []int
	for i, c := range rule {
		if c == '+' {
			edges = append(edges, i)
		}
	}
	return edges
}

func gridRow(cells int) *east.TableRow {
	row := east.NewTableRow(nil)
	for range cells {
		row.AppendChild(row, east.NewTableCell())
	}
	return row
}

// addGridLine adds a line to the cells of a row. It returns false if a border is missing from the line.
func addGridLine(row *east.TableRow, line text.Segment, edges []int, source []byte) bool {
	offsets := runeOffsets(line.Value(source))
	cell := row.FirstChild()
	for i := range len(edges) - 1 {
		if edges[i+1] >= len(offsets) {
			return false
		}
		start, end := line.Start+offsets[edges[i]], line.Start+offsets[edges[i+1]]
		if source[start] != '|' || source[end] != '|' {
			return false
		}
		part := trimmed(text.NewSegment(start+1, end), source)
		if !part.IsEmpty() {
			if cell.Lines().Len() > 0 && source[part.Start-1] == ' ' {
				part.Start-- // between the words of two lines
			}
			cell.Lines().Append(part)
		}
		cell = cell.NextSibling()
	}
	return true
}

func trimmed(s text.Segment, source []byte) text.Segment {
	s = s.TrimLeftSpace(source)
	return s.TrimRightSpace(source)
}

// runeOffsets returns the offset of each character of a line.
func runeOffsets(line []byte) []int {
	offsets := make([]int, 0, len(line))
	for i := 0; i < len(line); {
		offsets = append(offsets, i)
		_, size := utf8.DecodeRune(line[i:])
		i += size
	}
	return offsets
}

func gridAlignment(rule []byte, start, end int) east.Alignment {
	if end > len(rule) || start >= end {
		return east.AlignNone
	}
	switch left, right := rule[start] == ':', rule[end-1] == ':'; {
	case left && right:
		return east.AlignCenter
	case left:
		return east.AlignLeft
	case right:
		return east.AlignRight
	}
	return east.AlignNone
}
