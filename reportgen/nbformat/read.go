package nbformat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Limits that keep a hostile file from filling memory or the stack.
const (
	maxSize  = 256 << 20 // bytes of a file
	maxDepth = 128       // nested objects and lists
)

// ReadFile reads the notebook in the named file. Errors name the file.
func ReadFile(name string) (*Notebook, error) {
	// A named pipe would be waited for.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	nb, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return nb, nil
}

// Read decodes a notebook from r, see [Unmarshal].
func Read(r io.Reader) (*Notebook, error) {
	src, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read notebook: %w", err)
	}
	if len(src) > maxSize {
		return nil, fmt.Errorf("notebook larger than %d MiB; clear outputs that it does not need", maxSize>>20)
	}
	return Unmarshal(src)
}

// Unmarshal decodes a notebook of nbformat 4, or of nbformat 2 or 3, which becomes one of 4.0. An error names the cell and the
// field, or the line of the JSON.
func Unmarshal(src []byte) (*Notebook, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // a byte order mark, which editors of Windows write
	if err := checkDepth(src); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber() // numbers in metadata are kept as they are written
	var top map[string]any
	if err := dec.Decode(&top); err != nil {
		return nil, jsonError(src, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("not a notebook: text after the end of the JSON object, at line %d", lineAt(src, dec.InputOffset()))
	}
	return fromJSON(top)
}

// checkDepth refuses JSON that nests deeper than maxDepth before it is decoded.
func checkDepth(src []byte) error {
	depth, inString, escaped := 0, false, false
	for i, c := range src {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("not a notebook: line %d: objects and lists nested deeper than %d", lineAt(src, int64(i)), maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

func lineAt(src []byte, offset int64) int {
	return 1 + bytes.Count(src[:min(max(offset, 0), int64(len(src)))], []byte("\n"))
}

func jsonError(src []byte, err error) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		return errors.New("not a notebook: the file is empty")
	case errors.As(err, &syntax):
		return fmt.Errorf("not a notebook: line %d: %w", lineAt(src, syntax.Offset), err)
	case errors.As(err, &typ):
		return fmt.Errorf("not a notebook: want a JSON object, got %s", typ.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("not a notebook: line %d: the JSON is truncated", lineAt(src, int64(len(src))))
	}
	return fmt.Errorf("not a notebook: %w", err)
}

func fromJSON(top map[string]any) (*Notebook, error) {
	f := fields{m: top}
	major, hasMajor := f.intp("nbformat")
	minor, _ := f.intp("nbformat_minor")
	switch {
	case f.err != nil:
		return nil, f.err
	case !hasMajor:
		return nil, errors.New(`not a notebook: no field "nbformat"`)
	case *major == 2 || *major == 3:
		if err := upgrade(top); err != nil {
			return nil, err
		}
		minor = new(int)
	case *major != 4:
		return nil, fmt.Errorf("nbformat %d is not supported, only 2, 3 and 4; open the notebook in JupyterLab and save it, or run jupyter nbconvert --to notebook on it", *major)
	case minor == nil:
		minor = new(int)
	}
	if *minor < 0 {
		return nil, fmt.Errorf("nbformat 4.%d is not a version; want 4.0 or later", *minor)
	}
	nb := &Notebook{Minor: *minor, Metadata: f.object("metadata")}
	list, hasCells := f.list("cells")
	if f.err != nil {
		return nil, f.err
	}
	if !hasCells {
		return nil, errors.New(`not a notebook: no field "cells"`)
	}
	nb.Extra = f.rest()
	for i, v := range list {
		c, err := cellFromJSON(v)
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		nb.Cells = append(nb.Cells, c)
	}
	return nb, nil
}

func cellFromJSON(v any) (*Cell, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want an object, got %s", kindOf(v))
	}
	f := fields{m: m}
	c := &Cell{Type: f.text("cell_type"), ID: f.text("id"), Source: f.text("source"), Metadata: f.object("metadata")}
	if f.err == nil && c.Type != Code && c.Type != Markdown && c.Type != Raw {
		return nil, fmt.Errorf("cell_type: want code, markdown or raw, got %q", c.Type)
	}
	var outputs []any
	if c.Type == Code {
		c.ExecutionCount, _ = f.intp("execution_count")
		outputs, _ = f.list("outputs")
	}
	if f.err != nil {
		return nil, f.err
	}
	c.Extra = f.rest()
	for i, v := range outputs {
		out, err := outputFromJSON(v)
		if err != nil {
			return nil, fmt.Errorf("output %d: %w", i+1, err)
		}
		c.Outputs = append(c.Outputs, out)
	}
	return c, nil
}

func outputFromJSON(v any) (*Output, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want an object, got %s", kindOf(v))
	}
	f := fields{m: m}
	o := &Output{Type: f.text("output_type")}
	switch o.Type {
	case Stream:
		o.Name, o.Text = f.text("name"), f.text("text")
	case DisplayData, ExecuteResult:
		o.Data, o.Metadata = f.object("data"), f.object("metadata")
		if o.Type == ExecuteResult {
			o.ExecutionCount, _ = f.intp("execution_count")
		}
	case Error:
		o.EName, o.EValue, o.Traceback = f.text("ename"), f.text("evalue"), f.strings("traceback")
	case "":
		return nil, errors.New("no output_type")
	}
	for mime, v := range o.Data {
		if IsJSON(mime) {
			continue
		}
		s, err := textOf(v)
		if err != nil {
			return nil, fmt.Errorf("data of %s: %w", mime, err)
		}
		o.Data[mime] = s
	}
	o.Extra = f.rest()
	return o, f.err
}

// IsJSON reports whether content of the MIME type is a JSON value rather than text.
func IsJSON(mime string) bool {
	return mime == "application/json" || strings.HasPrefix(mime, "application/") && strings.HasSuffix(mime, "+json")
}
