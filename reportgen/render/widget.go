package render

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// The MIME types of a widget in an output and of the state of widgets in the metadata
// of a notebook (https://ipywidgets.readthedocs.io/en/stable/embedding.html).
const (
	mimeWidget      = "application/vnd.jupyter.widget-view+json"
	mimeWidgetState = "application/vnd.jupyter.widget-state+json"
)

// widgetModel is the state of a widget.
type widgetModel struct {
	Name    string         `json:"model_name"`
	State   map[string]any `json:"state"`
	Buffers []struct {
		Path []string `json:"path"`
		Data string   `json:"data"`
	} `json:"buffers"`
}

// widgetStates returns the states in a notebook by model id.
func widgetStates(nb *nbformat.Notebook) map[string]*widgetModel {
	widgets, _ := nb.Metadata["widgets"].(map[string]any)
	encoded, err := json.Marshal(widgets[mimeWidgetState])
	var all struct {
		State map[string]*widgetModel `json:"state"`
	}
	if err != nil || json.Unmarshal(encoded, &all) != nil {
		return nil
	}
	return all.State
}

// maxWidgets bounds the widgets within a widget.
const maxWidgets = 500

// widget adds the final state of a widget. It returns false if the notebook does not
// have the state.
func (b *builder) widget(c *cell, o *nbformat.Output) bool {
	view, _ := o.Data[mimeWidget].(map[string]any)
	id, _ := view["model_id"].(string)
	w := widgetWriter{builder: b, cell: c, left: maxWidgets}
	if b.widgets[id] == nil {
		return false
	}
	w.write(id)
	w.flush()
	return true
}

// widgetWriter writes widgets as HTML.
type widgetWriter struct {
	*builder
	cell *cell
	html strings.Builder
	left int
}

func (w *widgetWriter) flush() {
	if source := w.html.String(); strings.TrimSpace(source) != "" {
		w.add(&document.HTML{Origin: w.cell.where, Fragment: w.fragment(w.cell.where, "<p>"+source+"</p>", nil, false)})
	}
	w.html.Reset()
}

// write writes the widget with an id and those within it.
func (w *widgetWriter) write(id string) {
	m := w.widgets[id]
	if w.left--; m == nil || w.left <= 0 {
		w.warnOnce(w.cell.where, "widget state", "a widget is not shown: its state is not in the notebook")
		return
	}
	name := strings.TrimSuffix(m.Name, "Model")
	if children, ok := m.State["children"].([]any); ok {
		for i, child := range children {
			if i > 0 {
				w.html.WriteString(map[bool]string{true: "<br>", false: " "}[slices.Contains([]string{"VBox", "Tab", "Accordion", "Stack"}, name)])
			}
			s, _ := child.(string)
			w.write(strings.TrimPrefix(s, "IPY_MODEL_"))
		}
		return
	}
	description := m.text("description")
	if description != "" {
		description += " "
	}
	switch name {
	case "Output":
		w.outputs(m)
		return
	case "HTML", "HTMLMath":
		w.html.WriteString(html.EscapeString(description) + m.text("value"))
		return
	case "FloatProgress", "IntProgress":
		w.html.WriteString(html.EscapeString(description) + m.bar())
		return
	case "Image":
		if picture, err := m.picture(); err == nil {
			w.flush()
			picture.Name = w.anchors.unique("image")
			w.add(&document.HTML{Origin: w.cell.where, Fragment: document.Fragment{Pieces: []document.Piece{{Picture: picture}}}})
			return
		}
	}
	value := m.value()
	if value == "" && description == "" {
		w.warnOnce(w.cell.where, "widget "+name, "a widget of type %s is not shown", name)
		value = "[widget " + name + "]"
	}
	w.html.WriteString(html.EscapeString(description + value))
}

// outputs adds the outputs that an Output widget captured.
func (w *widgetWriter) outputs(m *widgetModel) {
	w.flush()
	captured, _ := m.State["outputs"].([]any)
	encoded, err := json.Marshal(map[string]any{
		"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{},
		"cells": []any{map[string]any{"id": "widget", "cell_type": "code", "metadata": map[string]any{}, "source": "", "execution_count": nil, "outputs": captured}},
	})
	if err != nil {
		return
	}
	nb, err := nbformat.Read(bytes.NewReader(encoded))
	if err != nil || len(nb.Cells) == 0 {
		w.warn(w.cell.where, 0, "outputs of a widget are not shown: %v", err)
		return
	}
	for _, failure := range w.builder.outputs(w.cell, nb.Cells[0].Outputs) {
		w.add(failure)
	}
}

func (m *widgetModel) text(field string) string {
	s, _ := m.State[field].(string)
	return s
}

// bar is a progress bar of ten characters.
func (m *widgetModel) bar() string {
	number := func(field string) float64 { n, _ := m.State[field].(float64); return n }
	const width = 10
	part := 0.0
	if span := number("max") - number("min"); span > 0 {
		part = min(max((number("value")-number("min"))/span, 0), 1)
	}
	full := int(part*width + 0.5)
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

// picture is the picture of an Image widget.
func (m *widgetModel) picture() (*document.Picture, error) {
	for _, buffer := range m.Buffers {
		if !slices.Equal(buffer.Path, []string{"value"}) {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(buffer.Data)
		if err != nil {
			return nil, err
		}
		picture, err := bitmap(data, "", m.text("description"))
		if err == nil {
			resize(picture, m.text("width"), m.text("height"))
		}
		return picture, err
	}
	return nil, fmt.Errorf("no picture")
}

// value is the value of a control, as a user sees it.
func (m *widgetModel) value() string {
	if labels, ok := m.State["_options_labels"].([]any); ok {
		if i, ok := m.State["index"].(float64); ok && int(i) >= 0 && int(i) < len(labels) {
			return fmt.Sprint(labels[int(i)])
		}
		return ""
	}
	switch v := m.State["value"].(type) {
	case nil:
		return ""
	case bool:
		return map[bool]string{true: "☑", false: "☐"}[v]
	case []any:
		var all []string
		for _, part := range v {
			all = append(all, fmt.Sprint(part))
		}
		return strings.Join(all, " – ")
	default:
		return fmt.Sprint(v)
	}
}
