package nbformat

import (
	"errors"
	"fmt"
	"strings"
)

// shortTypes are the names of MIME types before nbformat 4.
var shortTypes = map[string]string{
	"text": "text/plain", "html": "text/html", "svg": "image/svg+xml", "png": "image/png", "jpeg": "image/jpeg", "latex": "text/latex",
	"json": "application/json", "javascript": "application/javascript", "pdf": "application/pdf",
}

// upgrade converts the fields of a notebook of nbformat 2 or 3 to those of nbformat 4, as
// https://github.com/jupyter/nbformat/blob/main/nbformat/v4/convert.py does.
func upgrade(top map[string]any) error {
	sheets, ok := top["worksheets"].([]any)
	if !ok {
		return errors.New(`not a notebook: no field "worksheets"`)
	}
	delete(top, "worksheets")
	cells := []any{}
	language := ""
	for _, sheet := range sheets {
		m, _ := sheet.(map[string]any)
		list, ok := m["cells"].([]any)
		if !ok {
			return errors.New("worksheets: want objects with cells")
		}
		for _, v := range list {
			cell, ok := v.(map[string]any)
			if !ok {
				return fmt.Errorf("cell %d: want an object, got %s", len(cells)+1, kindOf(v))
			}
			if name, ok := cell["language"].(string); ok && language == "" {
				language = name
			}
			if err := upgradeCell(cell); err != nil {
				return fmt.Errorf("cell %d: %w", len(cells)+1, err)
			}
			cells = append(cells, cell)
		}
	}
	top["cells"] = cells
	metadata, ok := top["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		top["metadata"] = metadata
	}
	delete(metadata, "name")
	delete(metadata, "signature")
	if metadata["language_info"] == nil && language != "" {
		metadata["language_info"] = map[string]any{"name": language}
	}
	if metadata["kernelspec"] == nil && (language == "" || language == "python") {
		metadata["kernelspec"] = map[string]any{"name": "python3", "display_name": "Python 3", "language": "python"}
	}
	return nil
}

func upgradeCell(cell map[string]any) error {
	if cell["metadata"] == nil {
		cell["metadata"] = map[string]any{}
	}
	switch cell["cell_type"] {
	case "heading":
		text, err := textOf(cell["source"])
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		level, err := levelOf(cell["level"])
		if err != nil {
			return err
		}
		cell["source"] = strings.Repeat("#", level) + " " + strings.Join(strings.Fields(text), " ")
		cell["cell_type"] = Markdown
		delete(cell, "level")
	case "html":
		cell["cell_type"] = Markdown
	case Code:
		move(cell, "input", "source")
		move(cell, "prompt_number", "execution_count")
		if m, ok := cell["metadata"].(map[string]any); ok && cell["collapsed"] != nil {
			m["collapsed"] = cell["collapsed"]
		}
		delete(cell, "collapsed")
		delete(cell, "language")
		outputs, _ := cell["outputs"].([]any)
		for i, v := range outputs {
			output, ok := v.(map[string]any)
			if !ok {
				return fmt.Errorf("output %d: want an object, got %s", i+1, kindOf(v))
			}
			upgradeOutput(output)
		}
	}
	return nil
}

// levelOf returns the level of a heading, 1 to 6.
func levelOf(v any) (int, error) {
	f := fields{m: map[string]any{"level": v}}
	if v == nil {
		return 1, nil
	}
	level, _ := f.intp("level")
	if f.err != nil {
		return 0, f.err
	}
	return min(max(*level, 1), 6), nil
}

func upgradeOutput(output map[string]any) {
	switch output["output_type"] {
	case "pyout":
		output["output_type"] = ExecuteResult
		move(output, "prompt_number", "execution_count")
	case "pyerr":
		output["output_type"] = Error
	case Stream:
		move(output, "stream", "name")
		if output["name"] == nil {
			output["name"] = "stdout"
		}
	}
	if t := output["output_type"]; t != ExecuteResult && t != DisplayData {
		delete(output, "metadata")
		return
	}
	data := map[string]any{}
	metadata, _ := output["metadata"].(map[string]any)
	for short, mime := range shortTypes {
		if v, ok := output[short]; ok {
			data[mime] = v
			delete(output, short)
		}
		move(metadata, short, mime)
	}
	output["data"] = data
}

// move renames a field.
func move(m map[string]any, from, to string) {
	if v, ok := m[from]; ok {
		delete(m, from)
		m[to] = v
	}
}
