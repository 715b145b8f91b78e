package render

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/snapshot"
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
		Path []any  `json:"path"`
		Data string `json:"data"`
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
	if w.hidden(m) {
		return
	}
	name := strings.TrimSuffix(m.Name, "Model")
	if children, ok := m.State["children"].([]any); ok {
		w.children(name, m, children)
		return
	}
	if figure := m.plotly(); figure != nil {
		w.flush()
		w.display(w.cell, w.draw(w.cell, &nbformat.Output{Type: nbformat.DisplayData}, "Plotly", func(s *snapshot.Browser) (*snapshot.Picture, error) { return s.Plotly(figure) }))
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
	case "HTMLMath":
		w.flush()
		w.markdown(w.cell.where, description+m.text("value"), nil)
		return
	case "Label":
		if w.flush(); w.latex(w.cell.where, description+m.text("value")) {
			return
		}
	case "HTML":
		w.html.WriteString(html.EscapeString(description) + m.text("value"))
		return
	case "FloatProgress", "IntProgress":
		w.html.WriteString(html.EscapeString(description) + m.bar())
		return
	case "Image", "MPLCanvas":
		if picture, err := m.picture(); err == nil {
			w.flush()
			picture.Name = w.anchors.unique("image")
			w.add(&document.HTML{Origin: w.cell.where, Fragment: document.Fragment{Pieces: []document.Piece{{Picture: picture}}}})
			return
		}
	}
	w.control(name, description, m)
}

// control writes the value of a control.
func (w *widgetWriter) control(name, description string, m *widgetModel) {
	value := m.value()
	_, hasValue := m.State["value"]
	switch {
	case name == "Password" && value != "":
		value = "••••••"
	case value == "" && hasValue:
		value = "—"
	case value == "" && description == "":
		w.warnOnce(w.cell.where, "widget "+name, "a widget of type %s is not shown", name)
		value = "[widget " + name + "]"
	}
	w.html.WriteString(html.EscapeString(description + value))
}

// hidden reports whether JupyterLab shows nothing of a widget: it is closed, or its
// layout says so.
func (w *widgetWriter) hidden(m *widgetModel) bool {
	if view, ok := m.State["_view_name"]; ok && view == nil {
		return true
	}
	layout := w.widgets[strings.TrimPrefix(m.text("layout"), modelPrefix)]
	return layout != nil && (layout.text("display") == "none" || layout.text("visibility") == "hidden")
}

// modelPrefix is what a reference to a widget begins with.
const modelPrefix = "IPY_MODEL_"

// children writes the widgets and texts within a widget, with their titles.
func (w *widgetWriter) children(name string, m *widgetModel, children []any) {
	titles := m.titles()
	for i, child := range children {
		if i > 0 {
			w.html.WriteString(map[bool]string{true: "<br>", false: " "}[slices.Contains([]string{"VBox", "Tab", "Accordion", "Stack"}, name)])
		}
		if i < len(titles) && titles[i] != "" {
			w.html.WriteString("<b>" + html.EscapeString(titles[i]) + "</b> ")
		}
		if s, _ := child.(string); strings.HasPrefix(s, modelPrefix) {
			w.write(strings.TrimPrefix(s, modelPrefix))
		} else {
			w.html.WriteString(html.EscapeString(fmt.Sprint(child)))
		}
	}
}

// titles returns the titles of a widget's tabs: a list, or by index in older versions.
func (m *widgetModel) titles() []string {
	var all []string
	if list, ok := m.State["titles"].([]any); ok {
		for _, title := range list {
			all = append(all, fmt.Sprint(title))
		}
		return all
	}
	byIndex, _ := m.State["_titles"].(map[string]any)
	for i := range byIndex {
		if n, err := strconv.Atoi(i); err == nil && n >= 0 && n < maxWidgets {
			all = append(all, make([]string, max(0, n+1-len(all)))...)
			all[n] = fmt.Sprint(byIndex[i])
		}
	}
	return all
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

// plotly returns the figure of Plotly's FigureWidget; nil for other widgets. Its arrays
// are in buffers.
func (m *widgetModel) plotly() map[string]any {
	data, ok := m.State["_widget_data"].([]any)
	if !ok {
		return nil
	}
	for _, buffer := range m.Buffers {
		var at any = m.State
		for _, step := range buffer.Path[:max(0, len(buffer.Path)-1)] {
			switch v := at.(type) {
			case map[string]any:
				key, _ := step.(string)
				at = v[key]
			case []any:
				if i, ok := step.(float64); ok && i >= 0 && int(i) < len(v) {
					at = v[int(i)]
				}
			}
		}
		if array, ok := at.(map[string]any); ok && array["dtype"] != nil {
			array["bdata"] = buffer.Data
			if shape, ok := array["shape"].([]any); ok {
				array["shape"] = strings.Trim(fmt.Sprint(shape), "[]")
			}
		}
	}
	return map[string]any{"data": data, "layout": m.State["_widget_layout"]}
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
	_, drawn, _ := strings.Cut(m.text("_data_url"), ";base64,") // of ipympl's canvas
	encoded := []string{drawn}
	for _, buffer := range m.Buffers {
		if len(buffer.Path) == 1 && buffer.Path[0] == "value" {
			encoded = append(encoded, buffer.Data)
		}
	}
	for _, source := range encoded {
		if source == "" {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(source)
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
		chosen, several := m.State["index"].([]any)
		if !several {
			chosen = []any{m.State["index"]}
		}
		var all []string
		for _, one := range chosen {
			if i, ok := one.(float64); ok && int(i) >= 0 && int(i) < len(labels) {
				all = append(all, fmt.Sprint(labels[int(i)]))
			}
		}
		return cmp.Or(strings.Join(all, ", "), "—")
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
