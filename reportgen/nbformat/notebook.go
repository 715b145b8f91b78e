package nbformat

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The types of cell.
const (
	Code     = "code"
	Markdown = "markdown"
	Raw      = "raw"
)

// The types of output.
const (
	Stream        = "stream"
	DisplayData   = "display_data"
	ExecuteResult = "execute_result"
	Error         = "error"
)

// Notebook is one .ipynb file.
type Notebook struct {
	Metadata map[string]any
	Cells    []*Cell
	Minor    int            // the minor version of nbformat 4; what those after 5 add is kept, not interpreted
	Extra    map[string]any // other top-level fields, as decoded
}

// Cell is one cell of a notebook.
type Cell struct {
	Type           string // Code, Markdown or Raw
	ID             string // empty only before nbformat 4.5
	Source         string
	Metadata       map[string]any
	ExecutionCount *int           // of a code cell, nil if it did not run
	Outputs        []*Output      // of a code cell
	Extra          map[string]any // other fields, attachments among them
}

// Output is one output of a code cell. Type determines which fields are used.
type Output struct {
	Type           string         // Stream, DisplayData, ExecuteResult, Error, or an unknown one
	Name           string         // Stream: stdout or stderr
	Text           string         // Stream
	Data           map[string]any // DisplayData, ExecuteResult: MIME type to content, text as one string
	Metadata       map[string]any // DisplayData, ExecuteResult
	ExecutionCount *int           // ExecuteResult
	EName          string         // Error: the name of the error
	EValue         string         // Error: its message
	Traceback      []string       // Error: lines with terminal colours
	Extra          map[string]any // other fields
}

// Language is the language of the notebook's kernel in its metadata, in lower case:
// "go", "python"; empty if missing.
func (nb *Notebook) Language() string {
	if s := stringAt(nb.Metadata, "kernelspec", "language"); s != "" {
		return strings.ToLower(s)
	}
	return strings.ToLower(stringAt(nb.Metadata, "language_info", "name"))
}

// KernelName is the name of the kernel spec in the notebook's metadata; empty if
// missing.
func (nb *Notebook) KernelName() string {
	return stringAt(nb.Metadata, "kernelspec", "name")
}

func stringAt(m map[string]any, section, key string) string {
	inner, _ := m[section].(map[string]any)
	s, _ := inner[key].(string)
	return s
}

// Tags are the cell's tags, in the order of the file.
func (c *Cell) Tags() []string {
	list, _ := c.Metadata["tags"].([]any)
	var tags []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			tags = append(tags, s)
		}
	}
	return tags
}

// HasTag reports whether the cell has the tag.
func (c *Cell) HasTag(tag string) bool { return slices.Contains(c.Tags(), tag) }

var (
	// optionLine matches a line with an option, such as "#| echo: false". Formatters of code write "# |", which may also begin
	// a table in a comment: then only a name or a named value is an option.
	optionLine = regexp.MustCompile(`^\s*(?:(?://|#|--|%|;+)\|\s?(.*)|(?://|#)\s+\|\s?([a-z_][\w-]*(?::.*)?))$`)
	magicLine  = regexp.MustCompile(`^\s*%%`)
)

// SplitOptions splits the option lines of Quarto and nbdev at the top of a cell, without their comment marks, from the other
// lines. Cell magics, such as %%time, may be before them.
func (c *Cell) SplitOptions() (options, rest string) {
	var head []string
	magics, rest := "", c.Source
	for rest != "" {
		line, after, _ := strings.Cut(rest, "\n")
		m := optionLine.FindStringSubmatch(strings.TrimRight(line, "\r"))
		switch {
		case m != nil:
			head = append(head, m[1]+m[2])
		case len(head) == 0 && magicLine.MatchString(line):
			magics += rest[:len(rest)-len(after)]
		default:
			return strings.Join(head, "\n"), magics + rest
		}
		rest = after
	}
	return strings.Join(head, "\n"), magics
}

// Clone returns a copy of nb whose cells and outputs can be changed without changing
// those of nb. Values in metadata, data and extra fields are shared.
func (nb *Notebook) Clone() *Notebook {
	c := *nb
	c.Metadata = maps.Clone(nb.Metadata)
	c.Cells = make([]*Cell, len(nb.Cells))
	for i, cell := range nb.Cells {
		d := *cell
		d.Metadata = maps.Clone(cell.Metadata)
		d.Outputs = make([]*Output, len(cell.Outputs))
		for j, out := range cell.Outputs {
			o := *out
			d.Outputs[j] = &o
		}
		c.Cells[i] = &d
	}
	return &c
}

var validID = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// Upgrade makes nb a notebook of nbformat 4.5, unless it is one of a later minor version. A cell whose id is missing, invalid or
// that of an earlier cell gets the id "cell-N", N being its number, so that the same
// notebook always gets the same ids.
func (nb *Notebook) Upgrade() {
	nb.Minor = max(nb.Minor, 5)
	taken := make(map[string]bool)
	for _, c := range nb.Cells {
		taken[c.ID] = true
	}
	seen := make(map[string]bool)
	for i, c := range nb.Cells {
		if !validID.MatchString(c.ID) || seen[c.ID] {
			id := fmt.Sprintf("cell-%d", i+1)
			for n := 2; taken[id]; n++ {
				id = fmt.Sprintf("cell-%d-%d", i+1, n)
			}
			c.ID = id
			taken[id] = true
		}
		seen[c.ID] = true
	}
}
