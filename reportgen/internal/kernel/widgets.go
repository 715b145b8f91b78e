package kernel

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

const (
	widgetTarget = "jupyter.widget"
	widgetState  = "application/vnd.jupyter.widget-state+json"
	widgetView   = "application/vnd.jupyter.widget-view+json"
)

// widgets are the Jupyter widgets of a kernel, whose state its messages change. Their
// random ids are replaced by "widget-1" and so on, in the order of their creation.
type widgets struct {
	byComm map[string]*widget
	order  []string // ids of comms
}

type widget struct {
	id      string
	state   map[string]any
	buffers map[string]map[string]any // by their path, as JSON
	capture *collector                // of an Output widget: what cells print while it is active
}

// comm is the content of messages about comms.
type comm struct {
	ID     string `json:"comm_id"`
	Target string `json:"target_name"`
	Data   struct {
		State       map[string]any `json:"state"`
		BufferPaths [][]any        `json:"buffer_paths"`
	} `json:"data"`
}

// comm handles a message about a comm, in a cell.
func (k *Kernel) comm(m *message) error {
	var c comm
	dec := json.NewDecoder(bytes.NewReader(m.Content))
	dec.UseNumber()
	if err := dec.Decode(&c); err != nil {
		return fmt.Errorf("invalid %s message from the kernel: %w", m.Header.Type, err)
	}
	w := k.widgets.byComm[c.ID]
	if m.Header.Type == "comm_open" && c.Target == widgetTarget && w == nil {
		if k.widgets.byComm == nil {
			k.widgets.byComm = make(map[string]*widget)
		}
		k.widgets.order = append(k.widgets.order, c.ID)
		w = &widget{id: fmt.Sprintf("widget-%d", len(k.widgets.order)), state: make(map[string]any), buffers: make(map[string]map[string]any)}
		k.widgets.byComm[c.ID] = w
	}
	if w != nil && m.Header.Type == "comm_close" {
		// A closed widget has no view: JupyterLab removes it from the output.
		w.state["_view_name"] = nil
	}
	if w == nil || c.Data.State == nil {
		return nil // not a widget, or a message of its own
	}
	maps.Copy(w.state, c.Data.State)
	for i, path := range c.Data.BufferPaths {
		if i >= len(m.Buffers) {
			break
		}
		key, err := json.Marshal(path)
		if err != nil {
			return err
		}
		w.buffers[string(key)] = map[string]any{"data": base64.StdEncoding.EncodeToString(m.Buffers[i]), "encoding": "base64", "path": path}
	}
	return nil
}

// capturing is the Output widget that is active while the kernel handles a message;
// nil if there is none.
func (k *Kernel) capturing(parent string) *widget {
	for _, id := range slices.Backward(k.widgets.order) {
		w := k.widgets.byComm[id]
		if w.state["_model_name"] == "OutputModel" && parent != "" && w.state["msg_id"] == parent {
			return w
		}
	}
	return nil
}

// viewed replaces the random id of a widget in its view.
func (k *Kernel) viewed(data map[string]any) {
	view, ok := data[widgetView].(map[string]any)
	if !ok {
		return
	}
	id, _ := view["model_id"].(string)
	if w := k.widgets.byComm[id]; w != nil {
		view["model_id"] = w.id
	}
}

// Widgets is the state of all widgets as a notebook's metadata has it; nil if there is
// none.
func (k *Kernel) Widgets() map[string]any {
	state := make(map[string]any)
	for _, id := range k.widgets.order {
		w := k.widgets.byComm[id]
		if w.state["_model_name"] == nil {
			continue
		}
		if w.capture != nil {
			w.capture.flush()
			w.state["outputs"] = outputsJSON(w.capture.result.Outputs)
			w.state["msg_id"] = ""
		}
		model := map[string]any{
			"model_name": w.state["_model_name"], "model_module": w.state["_model_module"],
			"model_module_version": w.state["_model_module_version"], "state": k.renamed(w.state),
		}
		if len(w.buffers) > 0 {
			var buffers []any
			for _, key := range slices.Sorted(maps.Keys(w.buffers)) {
				buffers = append(buffers, w.buffers[key])
			}
			model["buffers"] = buffers
		}
		state[w.id] = model
	}
	if len(state) == 0 {
		return nil
	}
	return map[string]any{widgetState: map[string]any{"state": state, "version_major": 2, "version_minor": 0}}
}

// renamed replaces references to widgets in a value of a state, and cleans its texts.
func (k *Kernel) renamed(v any) any {
	return mapTexts(v, func(text string) string {
		if id, ok := strings.CutPrefix(text, "IPY_MODEL_"); ok {
			if w := k.widgets.byComm[id]; w != nil {
				return "IPY_MODEL_" + w.id
			}
		}
		return k.session.Text(k.paths.hide(text))
	})
}

// outputsJSON are outputs as an Output widget has them.
func outputsJSON(outputs []*nbformat.Output) []any {
	src, err := nbformat.Marshal(&nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{{Type: nbformat.Code, Outputs: outputs}}})
	if err != nil {
		return []any{}
	}
	var nb struct {
		Cells []struct {
			Outputs []any `json:"outputs"`
		} `json:"cells"`
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber()
	if dec.Decode(&nb) != nil || len(nb.Cells) != 1 {
		return []any{}
	}
	return nb.Cells[0].Outputs
}
