package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/yamltext"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// cellOptions are Quarto's options at the top of a cell
// (https://quarto.org/docs/reference/cells/cells-jupyter.html) and MyST's tags.
type cellOptions struct {
	label       string
	figCaptions []string
	figAlts     []string
	cellAlt     string // of the cell's metadata, for figures that have none of their own
	subCaptions []string
	columns     int
	tblCaption  string
	tblParts    []string // the captions of parts
	lstCaption  string

	code           CodeMode
	codeExpanded   bool
	codeSummary    string
	noOutput       bool
	asis           bool
	foldOutput     bool
	foldCell       bool
	noStdout       bool
	noStderr       bool
	failureAllowed bool
	filteredWords  []string // lines of streams with one of these words are left out
}

// cellOptions reads a code cell's options and tags. It also returns the source without
// the options.
func (b *builder) cellOptions(where document.Origin, cell *nbformat.Cell) (cellOptions, string) {
	o := cellOptions{code: b.options.Code, cellAlt: cellAlt(cell)}
	head, source := cell.SplitOptions()
	head = b.takeDirectives(where, &o, head)
	if strings.TrimSpace(head) != "" {
		values := map[string]any{}
		if err := yamltext.Unmarshal([]byte(head), &values); err != nil {
			b.problem(where, 0, "cell options: invalid YAML: %v", err)
		}
		asInQuarto(values)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if err := o.set(key, values[key]); err != nil {
				b.problem(where, optionAt(cell.Source, key), "option %s: %v", key, err)
			} else if !knownOption(key) {
				b.warn(where, optionAt(cell.Source, key), "unknown option %s (ignored)", key)
			}
		}
	}
	for _, tag := range cell.Tags() {
		o.tag(tag)
	}
	o.mystFigure(cell)
	if hidden(cell, "source_hidden") && o.code == CodeShown {
		o.code = CodeFolded
	}
	o.foldOutput = o.foldOutput || hidden(cell, "outputs_hidden")
	return o, hiddenLine.ReplaceAllString(source, "")
}

// asInQuarto renames the options of MyST, caption, alt and name, to those of Quarto.
func asInQuarto(values map[string]any) {
	rename := func(from, to string) {
		value, ok := values[from]
		if delete(values, from); ok && values[to] == nil {
			values[to] = value
		}
	}
	rename("name", "label")
	rename("alt", "fig-alt")
	label, _ := values["label"].(string)
	if values["kind"] == "table" || document.LabelKind(label) == document.KindTable {
		rename("caption", "tbl-cap")
	}
	rename("caption", "fig-cap")
	delete(values, "kind")
}

// mystFigure takes the caption and label of a figure from the cell's metadata, where MyST-NB has them
// (https://myst-nb.readthedocs.io/en/latest/render/format_code_cells.html).
func (o *cellOptions) mystFigure(cell *nbformat.Cell) {
	for _, key := range []string{"mystnb", "render"} {
		figure := member(cell.Metadata[key], "figure")
		if text, _ := member(figure, "caption").(string); text != "" && len(o.figCaptions) == 0 {
			o.figCaptions = []string{strings.TrimSpace(text)}
		}
		if name, _ := member(figure, "name").(string); o.label == "" {
			o.label = name
		}
	}
}

// hidden reports whether a part of the cell is collapsed in JupyterLab.
func hidden(cell *nbformat.Cell, part string) bool {
	jupyter, _ := cell.Metadata["jupyter"].(map[string]any)
	on, _ := jupyter[part].(bool)
	return on
}

func optionAt(source, key string) int {
	for i, line := range strings.Split(source, "\n") {
		if strings.HasPrefix(strings.TrimLeft(line, "/#-%;| \t"), key+":") {
			return i + 1
		}
	}
	return 0
}

// knownOption reports whether the option is supported or can be ignored.
func knownOption(key string) bool {
	return slices.Contains([]string{
		"label", "fig-cap", "fig-subcap", "fig-alt", "tbl-cap", "tbl-subcap", "lst-cap", "lst-label", "echo", "code-fold",
		"code-summary", "output", "include", "eval", "error", "warning", "message", "layout-ncol", "id", "tags",
		"code-line-numbers", "code-overflow", "fig-width", "fig-height", "fig-format", "fig-dpi", "fig-align",
		"fig-pos", "tbl-colwidths", "cache", "freeze", "classes", "column", "export", "filename",
	}, key)
}

// set applies an option. Unknown options are ignored.
func (o *cellOptions) set(key string, value any) error {
	switch key {
	case "echo", "code-fold", "code-summary":
		return o.setCode(key, value)
	case "output", "include", "eval", "error", "warning":
		return o.setOutput(key, value)
	}
	return o.setCaption(key, value)
}

func (o *cellOptions) setCaption(key string, value any) (err error) {
	switch key {
	case "label", "lst-label":
		o.label, err = scalar(value)
	case "fig-cap":
		o.figCaptions, err = scalars(value)
	case "fig-alt":
		o.figAlts, err = scalars(value)
	case "fig-subcap":
		o.subCaptions, err = scalars(value)
	case "tbl-subcap":
		o.tblParts, err = scalars(value)
	case "tbl-cap":
		o.tblCaption, err = scalar(value)
	case "lst-cap":
		o.lstCaption, err = scalar(value)
	case "layout-ncol":
		text, _ := scalar(value)
		if o.columns, err = strconv.Atoi(text); err != nil || o.columns < 1 || o.columns > maxColumns {
			err = fmt.Errorf("%v is not a number of columns from 1 to %d", value, maxColumns)
		}
	}
	return err
}

// maxColumns bounds layout-ncol.
const maxColumns = 6

func (o *cellOptions) setCode(key string, value any) error {
	if key == "code-summary" {
		var err error
		o.codeSummary, err = scalar(value)
		return err
	}
	if key == "code-fold" && value == "show" {
		o.code, o.codeExpanded = CodeFolded, true
		return nil
	}
	on := key == "echo" && value == "fenced"
	if !on {
		var err error
		if on, err = boolean(value); err != nil {
			return err
		}
	}
	switch {
	case key == "code-fold" && on:
		o.code = CodeFolded
	case key == "code-fold" && o.code == CodeFolded:
		o.code = CodeShown
	case key == "echo" && !on:
		o.code = CodeHidden
	case key == "echo" && o.code == CodeHidden:
		o.code = CodeShown
	}
	return nil
}

func (o *cellOptions) setOutput(key string, value any) error {
	if key == "output" && value == "asis" {
		o.asis = true
		return nil
	}
	on, err := boolean(value)
	if err != nil {
		return err
	}
	switch key {
	case "output", "eval":
		o.noOutput = o.noOutput || !on
	case "include":
		if !on {
			o.code, o.noOutput = CodeHidden, true
		}
	case "error":
		o.failureAllowed = on
	case "warning":
		o.noStderr = !on
	}
	return nil
}

// tag applies the tags of MyST and nbclient.
func (o *cellOptions) tag(tag string) {
	// Jupyter Book wrote the tags with underscores first.
	switch strings.ReplaceAll(tag, "_", "-") {
	case "remove-cell":
		o.code, o.noOutput = CodeHidden, true
	case "remove-input":
		o.code = CodeHidden
	case "hide-input":
		if o.code == CodeShown {
			o.code = CodeFolded
		}
	case "remove-output":
		o.noOutput = true
	case "hide-output":
		o.foldOutput = true
	case "hide-cell":
		o.foldCell = true
	case "remove-stdout":
		o.noStdout = true
	case "remove-stderr":
		o.noStderr = true
	case "raises-exception":
		o.failureAllowed = true
	}
}

func boolean(value any) (bool, error) {
	if on, ok := value.(bool); ok {
		return on, nil
	}
	return false, fmt.Errorf("%v is neither true nor false", value)
}

func scalar(value any) (string, error) {
	switch value.(type) {
	case map[string]any, []any:
		return "", fmt.Errorf("is a list or a mapping, not a string; put it in quotes")
	case nil:
		return "", nil
	}
	return fmt.Sprint(value), nil
}

func scalars(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		s, err := scalar(value)
		if s == "" {
			return nil, err
		}
		return []string{s}, err
	}
	var all []string
	for _, v := range list {
		s, err := scalar(v)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
