package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// jsonSpec says how JSON objects become flows. A path names a value by the keys
// on the way to it, joined with points, so that {"source":{"ip":…}} and
// {"source.ip":…} have the same path.
type jsonSpec struct {
	about string              // what the log is, for messages
	paths [numFields][]string // where a value may be, the best first
	extra []string            // further paths that take looks at
	// wrappers are the keys of objects that contain the actual object. Keys in them count as keys of the outer object.
	wrappers []string // beside those of all logs
	// take completes the values of a row, or says why it is left out.
	take func(e *jsonEvent, r *rowReader, line int64) error
	// flow turns a row into a flow; nil means row.flow.
	flow func(r *rowReader, line int64) (Flow, error)
}

// commonWrappers are the keys under which exports put the object: Elasticsearch, Splunk,
// Filebeat, Cloud Logging and YAF's super_mediator.
var commonWrappers = []string{"_source", "result", "json", "jsonPayload", "flows"}

// jsonEvent holds the values of a JSON object that its spec names.
type jsonEvent struct {
	spec     *jsonSpec
	slots    map[string]int      // of each path
	prefixes map[string]struct{} // of the objects on the way to the paths
	values   [][]byte            // by slot; nil if there is none or it is null
	fields   [numFields][]int    // slots of each field
	path     []byte              // of the value being visited
	memory   []byte              // of values
	keys     []string            // the keys of the object, the first few
}

func newJSONEvent(spec *jsonSpec) *jsonEvent {
	e := &jsonEvent{spec: spec, slots: map[string]int{}, prefixes: map[string]struct{}{}}
	add := func(path string) int {
		slot, ok := e.slots[path]
		if !ok {
			slot = len(e.slots)
			e.slots[path] = slot
			for i, c := range path {
				if c == '.' {
					e.prefixes[path[:i]] = struct{}{}
				}
			}
		}
		return slot
	}
	for f, paths := range &spec.paths {
		for _, path := range paths {
			e.fields[f] = append(e.fields[f], add(path))
		}
	}
	for _, path := range spec.extra {
		add(path)
	}
	e.values = make([][]byte, len(e.slots))
	return e
}

// get returns the value at a path of the spec, or nil.
func (e *jsonEvent) get(path string) []byte { return e.values[e.slots[path]] }

// visit takes the values of an object.
func (e *jsonEvent) visit(o *fastjson.Object) {
	o.Visit(func(key []byte, v *fastjson.Value) {
		outer := len(e.path)
		if outer == 0 && v.Type() == fastjson.TypeObject && (slices.Contains(commonWrappers, string(key)) || slices.Contains(e.spec.wrappers, string(key))) {
			e.visit(v.GetObject())
			return
		}
		if outer > 0 {
			e.path = append(e.path, '.')
		} else if len(e.keys) < 5 {
			e.keys = append(e.keys, string(key))
		}
		e.path = append(e.path, key...)
		e.value(v)
		e.path = e.path[:outer]
	})
}

func (e *jsonEvent) value(v *fastjson.Value) {
	// An array of one value is that value, as Elastic writes it.
	for v.Type() == fastjson.TypeArray {
		a := v.GetArray()
		if len(a) != 1 {
			return
		}
		v = a[0]
	}
	if v.Type() == fastjson.TypeObject {
		if _, ok := e.prefixes[string(e.path)]; ok {
			e.visit(v.GetObject())
		}
		return
	}
	slot, ok := e.slots[string(e.path)]
	if !ok || e.values[slot] != nil {
		return
	}
	switch v.Type() {
	case fastjson.TypeString:
		if s := v.GetStringBytes(); s != nil {
			e.values[slot] = s
		} else {
			e.values[slot] = []byte{}
		}
	case fastjson.TypeNumber, fastjson.TypeTrue, fastjson.TypeFalse:
		start := len(e.memory)
		e.memory = v.MarshalTo(e.memory)
		e.values[slot] = e.memory[start:len(e.memory):len(e.memory)]
	}
}

// row puts the values of an object into a row.
func (e *jsonEvent) row(o *fastjson.Object, r *rowReader) {
	clear(e.values)
	e.memory, e.path, e.keys = e.memory[:0], e.path[:0], e.keys[:0]
	e.visit(o)
	for f, slots := range &e.fields {
		r.values[f] = nil
		for _, slot := range slots {
			if v := e.values[slot]; v != nil {
				r.values[f] = v
				break
			}
		}
	}
}

// events decodes a log of JSON objects.
type events struct {
	in     *lines
	row    rowReader
	event  *jsonEvent
	parser fastjson.Parser
	inner  fastjson.Parser // of objects in others
	stream *jsonStream     // of a document whose objects are not one a line; nil if they are
}

// openEvents begins to read a log of JSON objects: one a line, perhaps with other
// text before each, or the elements of arrays, over any lines.
func openEvents(in *lines, r rowReader, spec *jsonSpec) (decoder, error) {
	if _, err := in.peek(); errors.Is(err, io.EOF) {
		return emptyFile{}, nil
	} else if err != nil {
		return nil, err
	}
	first, whole, err := in.firstPart()
	if err != nil {
		return nil, err
	}
	start := bytes.IndexByte(first, '{')
	if array := bytes.IndexByte(first, '['); start < 0 && array < 0 {
		return nil, fmt.Errorf("line %d: starts with %s, which has no JSON object: this is not %s", in.n+1, excerpt(first), spec.about)
	}
	for f, paths := range &spec.paths {
		if r.names[f] == "" && len(paths) > 0 {
			r.names[f] = paths[0]
		}
	}
	d := &events{in: in, row: r, event: newJSONEvent(spec)}
	if isDocument(first, whole) {
		d.stream = newJSONStream(in)
	}
	return d, nil
}

func (d *events) Read() (Flow, error) {
	for {
		text, line, whole, err := d.next()
		if err != nil {
			return Flow{}, err
		}
		if len(text) == 0 {
			continue
		}
		v, err := d.object(text)
		if err != nil {
			return Flow{}, d.row.badJSON(line, text, whole, err)
		}
		d.event.row(v.GetObject(), &d.row)
		bad := d.event.spec.take(d.event, &d.row, line)
		if bad != nil {
			bad = d.carried(v, line, bad)
		}
		if bad != nil {
			return Flow{}, bad
		}
		if d.event.spec.flow != nil {
			return d.event.spec.flow(&d.row, line)
		}
		return d.row.flow(line)
	}
}

// object reads an object. Text that syslog puts before it may have braces too.
func (d *events) object(text []byte) (*fastjson.Value, error) {
	const tries = 4
	v, err := d.parser.ParseBytes(text)
	if err == nil && v.Type() != fastjson.TypeObject {
		err = errors.New("it is not an object")
	}
	for range tries {
		i := bytes.IndexByte(text[min(1, len(text)):], '{')
		if err == nil || i < 0 || d.stream != nil {
			break
		}
		text = text[1+i:]
		if inner, failed := d.parser.ParseBytes(text); failed == nil && inner.Type() == fastjson.TypeObject && inner.GetObject().Len() > 1 {
			return inner, nil
		}
	}
	return v, err
}

// carried takes the object that a carrier has put into another one as text, if the
// outer one is not a row for the reason given.
func (d *events) carried(v *fastjson.Value, line int64, outer error) error {
	text := bytes.TrimSpace(carriedLine(v))
	if i := bytes.IndexByte(text, '{'); i >= 0 {
		text = text[i:]
	} else {
		return outer
	}
	inner, err := d.inner.ParseBytes(text)
	if err != nil || inner.Type() != fastjson.TypeObject {
		return outer
	}
	d.event.row(inner.GetObject(), &d.row)
	return d.event.spec.take(d.event, &d.row, line)
}

// next returns the text of the next object.
func (d *events) next() (text []byte, line int64, whole bool, err error) {
	if d.stream != nil {
		text, err = d.stream.next()
		return text, d.stream.line, true, err
	}
	text, whole, err = d.in.next()
	if err != nil {
		return nil, 0, false, err
	}
	text = bytes.TrimSpace(text)
	// Syslog puts a time, a host and a program before what it sends.
	if i := bytes.IndexByte(text, '{'); i > 0 {
		text = text[i:]
	}
	return text, d.in.n, whole, nil
}

// badJSON is the error of a line that cannot be read as an object.
func (r *rowReader) badJSON(n int64, line []byte, whole bool, err error) error {
	if !whole {
		return r.leaveOut(n, cutOff, excerpt(line)+" has no line end: the log is truncated, or was being written")
	}
	reason, _, _ := strings.Cut(err.Error(), "; unparsed tail")
	return r.leaveOut(n, badJSON, excerpt(line)+": "+reason)
}
