package kernel

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/terminal"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// collector collects a cell's outputs from the kernel's messages.
type collector struct {
	k        *Kernel
	code     string
	result   *Result
	streams  map[*nbformat.Output]*strings.Builder // text before it is cleaned
	size     int                                   // bytes of streams and displays kept
	dropped  int                                   // bytes beyond Options.MaxOutput
	clear    bool                                  // the next output replaces all before it
	failure  *CellError
	failed   bool // by the kernel's reply, or because its messages are invalid
	ended    bool // the kernel replied and is idle; messages of threads may follow
	captures bool // it is that of an Output widget
}

// display is an output that a later message may update by its display_id, and the
// cell that made it.
type display struct {
	output *nbformat.Output
	cell   *collector
}

func newCollector(k *Kernel, code string) *collector {
	return &collector{k: k, code: code, result: &Result{}, streams: make(map[*nbformat.Output]*strings.Builder)}
}

// content is the content of any message that is an output.
type content struct {
	Name           string         `json:"name"`
	Text           string         `json:"text"`
	Data           map[string]any `json:"data"`
	Metadata       map[string]any `json:"metadata"`
	ExecutionCount *int           `json:"execution_count"`
	Transient      struct {
		DisplayID string `json:"display_id"`
	} `json:"transient"`
	EName     string   `json:"ename"`
	EValue    string   `json:"evalue"`
	Traceback []string `json:"traceback"`
	Wait      bool     `json:"wait"`
}

func (c *collector) add(m *message) {
	switch m.Header.Type {
	case "comm_open", "comm_msg", "comm_close":
		if err := c.k.comm(m); err != nil {
			c.invalid(err.Error())
		}
		return
	case "stream", "display_data", "execute_result", "update_display_data", "clear_output", "error":
	default:
		return // not an output
	}
	if w := c.k.capturing(m.Parent.ID); w != nil && m.Header.Type != "error" && !c.captures {
		if w.capture == nil {
			w.capture = newCollector(c.k, c.code)
			w.capture.captures = true
		}
		w.capture.add(m)
		return
	}
	var v content
	dec := json.NewDecoder(bytes.NewReader(m.Content))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		c.invalid(fmt.Sprintf("invalid %s message from the kernel: %v", m.Header.Type, err))
		return
	}
	switch m.Header.Type {
	case "clear_output":
		if c.clear = v.Wait; !v.Wait {
			c.reset()
		}
		return
	case "update_display_data":
		c.update(v)
		return
	}
	if c.clear {
		c.clear = false
		c.reset()
	}
	switch m.Header.Type {
	case "stream":
		c.stream(v.Name, v.Text)
	case "error":
		if c.error(v.EName, v.EValue, v.Traceback); c.ended {
			c.print()
		}
	default:
		if c.size+len(m.Content) > c.k.opts.MaxOutput {
			c.dropped += len(m.Content)
			return
		}
		c.size += len(m.Content)
		o := &nbformat.Output{Type: m.Header.Type, Data: c.data(v), Metadata: c.k.object(v.Metadata), ExecutionCount: v.ExecutionCount}
		if o.Type == nbformat.DisplayData {
			o.ExecutionCount = nil
		}
		if id := v.Transient.DisplayID; id != "" {
			c.k.displays[id] = append(c.k.displays[id], display{o, c})
		}
		c.append(o)
	}
}

func (c *collector) append(o *nbformat.Output) {
	c.result.Outputs = append(c.result.Outputs, o)
}

func (c *collector) reset() {
	c.result.Outputs, c.size = nil, 0
	clear(c.streams)
}

func (c *collector) update(v content) {
	for _, d := range c.k.displays[v.Transient.DisplayID] {
		d.output.Data = c.data(v)
		d.output.Metadata = c.k.object(v.Metadata)
		d.cell.result.Updated = d.cell.result.Updated || d.cell != c
	}
}

// data is a display's MIME bundle. A program that can only send text sends JSON as
// text; a notebook holds the value.
func (c *collector) data(v content) map[string]any {
	for mime, value := range v.Data {
		s, ok := value.(string)
		if !ok || !nbformat.IsJSON(mime) {
			continue
		}
		dec := json.NewDecoder(strings.NewReader(s))
		dec.UseNumber()
		var inner any
		if err := dec.Decode(&inner); err != nil {
			continue // plain text is a JSON value, too
		}
		switch inner.(type) {
		case map[string]any, []any:
			v.Data[mime] = inner
		}
	}
	c.k.viewed(v.Data)
	return c.k.object(v.Data)
}

// stream appends text to the stream's output since the last display, or to the cell's
// only one if the kernel does not order outputs. How a text is cut into messages, and
// how those of stdout and stderr interleave, differs from run to run.
func (c *collector) stream(name, text string) {
	if c.size+len(text) > c.k.opts.MaxOutput {
		c.dropped += len(text)
		return
	}
	c.size += len(text)
	outputs := c.result.Outputs
	first := 0
	if c.k.session.Ordered() {
		for i, o := range outputs {
			if o.Type != nbformat.Stream {
				first = i + 1
			}
		}
	}
	at := first + slices.IndexFunc(outputs[first:], func(o *nbformat.Output) bool {
		return o.Type == nbformat.Stream && o.Name == name
	})
	if at < first {
		o := &nbformat.Output{Type: nbformat.Stream, Name: name}
		c.streams[o] = &strings.Builder{}
		at = len(outputs)
		if at > first && name == "stdout" {
			at-- // before the other stream
		}
		c.result.Outputs = slices.Insert(outputs, at, o)
	}
	c.streams[c.result.Outputs[at]].WriteString(text)
}

// error adds an error to the outputs. It is a failure if the kernel's reply says so.
func (c *collector) error(name, value string, traceback []string) {
	lines := []string{}
	for _, line := range traceback {
		if line = c.k.session.Trace(c.k.paths.hide(line)); line != "" {
			lines = append(lines, line)
		}
	}
	c.failure = &CellError{Name: name, Value: c.k.session.Message(c.k.paths.hide(value)), Traceback: lines}
	c.append(&nbformat.Output{Type: nbformat.Error, EName: name, EValue: c.failure.Value, Traceback: lines})
}

// invalid records a message that is not as the protocol says.
func (c *collector) invalid(why string) {
	c.error("ProtocolError", why, nil)
	c.failed = true
}

// end records the kernel's reply. Most kernels report a failure in an output, too, and some do not. An error of a cell that
// did not fail, such as one that it caught and showed, is text that it printed.
func (c *collector) end(r *reply) {
	c.ended = true
	if r.Status == "ok" && !c.failed {
		c.print()
		return
	}
	if c.failed = true; c.failure == nil {
		c.error(r.EName, cmp.Or(r.EValue, r.EName, "the kernel did not execute the cell: "+r.Status), r.Traceback)
	}
}

// print turns the errors among the outputs to text.
func (c *collector) print() {
	c.failure = nil
	for i, o := range c.result.Outputs {
		if o.Type == nbformat.Error {
			stream := &nbformat.Output{Type: nbformat.Stream, Name: "stderr"}
			c.streams[stream] = &strings.Builder{}
			fmt.Fprintln(c.streams[stream], cmp.Or(strings.Join(o.Traceback, "\n"), o.EName+": "+o.EValue))
			c.result.Outputs[i] = stream
		}
	}
}

// flush writes the cleaned streams to the outputs. If the kernel does not order
// outputs, their order becomes stdout, displays, stderr, error.
func (c *collector) flush() {
	if c.dropped > 0 {
		c.size = -c.dropped // make room for the notice
		note := fmt.Sprintf("\n[reportgen: the cell printed and displayed more than %d bytes; the %d bytes from here on are left out]\n", c.k.opts.MaxOutput, c.dropped)
		c.dropped = 0
		c.stream("stderr", note)
	}
	cell := &Cell{Code: c.code, Count: c.result.ExecutionCount, Failed: c.failure != nil}
	for o, b := range c.streams {
		o.Text = c.k.session.Stream(o.Name, c.k.paths.hide(terminal.Rewritten(b.String())), cell)
	}
	if c.k.session.Ordered() {
		return
	}
	rank := func(o *nbformat.Output) int {
		switch {
		case o.Type == nbformat.Stream && o.Name == "stdout":
			return 0
		case o.Type == nbformat.Stream:
			return 2
		case o.Type == nbformat.Error:
			return 3
		}
		return 1
	}
	slices.SortStableFunc(c.result.Outputs, func(a, b *nbformat.Output) int { return rank(a) - rank(b) })
}
