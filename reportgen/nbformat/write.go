package nbformat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
)

// Write writes nb to w, see [Marshal].
func Write(w io.Writer, nb *Notebook) error {
	src, err := Marshal(nb)
	if err != nil {
		return err
	}
	_, err = w.Write(src)
	return err
}

// Marshal encodes nb as Jupyter would. It fails only for metadata or data that JSON
// cannot represent.
func Marshal(nb *Notebook) ([]byte, error) {
	top := clone(nb.Extra)
	top["nbformat"], top["nbformat_minor"] = 4, nb.Minor
	top["metadata"] = orEmpty(nb.Metadata)
	cells := make([]any, len(nb.Cells))
	for i, c := range nb.Cells {
		cells[i] = cellToJSON(c)
	}
	top["cells"] = cells
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(top); err != nil {
		return nil, fmt.Errorf("encode notebook: %w", err)
	}
	return b.Bytes(), nil
}

func cellToJSON(c *Cell) map[string]any {
	m := clone(c.Extra)
	m["cell_type"], m["metadata"], m["source"] = c.Type, orEmpty(c.Metadata), lines(c.Source)
	if c.ID != "" {
		m["id"] = c.ID
	}
	if c.Type == Code {
		m["execution_count"] = c.ExecutionCount
		outputs := make([]any, len(c.Outputs))
		for i, o := range c.Outputs {
			outputs[i] = outputToJSON(o)
		}
		m["outputs"] = outputs
	}
	return m
}

func outputToJSON(o *Output) map[string]any {
	m := clone(o.Extra)
	m["output_type"] = o.Type
	switch o.Type {
	case Stream:
		m["name"], m["text"] = o.Name, lines(o.Text)
	case DisplayData, ExecuteResult:
		data := clone(o.Data)
		for mime, v := range data {
			if s, ok := v.(string); ok && splitsLines(mime) {
				data[mime] = lines(s)
			}
		}
		m["data"], m["metadata"] = data, orEmpty(o.Metadata)
		if o.Type == ExecuteResult {
			m["execution_count"] = o.ExecutionCount
		}
	case Error:
		m["ename"], m["evalue"] = o.EName, o.EValue
		m["traceback"] = append([]string{}, o.Traceback...)
	}
	return m
}

// splitsLines reports whether Jupyter writes content of the MIME type as a list
// of lines, which makes notebooks readable in a diff.
func splitsLines(mime string) bool {
	return strings.HasPrefix(mime, "text/") || mime == "application/javascript" || mime == "image/svg+xml"
}

func lines(s string) []string {
	all := strings.SplitAfter(s, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

func clone(m map[string]any) map[string]any {
	if c := maps.Clone(m); c != nil {
		return c
	}
	return make(map[string]any)
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
