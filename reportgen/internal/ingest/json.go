package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// event is a JSON object of a log that is reused from line to line.
type event interface {
	// reset forgets what the object before left in it, raw values aside.
	reset()
	// take puts the values of the object into the row, or says why it is left out.
	take(r *rowReader, line int64) error
}

// events decodes a log of one JSON object a line.
type events[E event] struct {
	in   *lines
	row  rowReader
	obj  E
	raws []*json.RawMessage // of obj
}

// openEvents begins to read a log of JSON objects.
func openEvents[E event](in *lines, r rowReader, obj E, about string) (Decoder, error) {
	start, err := in.peek()
	switch {
	case errors.Is(err, io.EOF):
		return emptyFile{}, nil
	case err != nil:
		return nil, err
	case start[0] == '[':
		return nil, fmt.Errorf("line %d: starts with %q: a JSON array; write one object a line (jq -c '.[]')", in.n+1, start)
	case start[0] != '{':
		return nil, fmt.Errorf("line %d: starts with %q, which is no JSON object: this is not %s", in.n+1, start, about)
	}
	return &events[E]{in: in, row: r, obj: obj, raws: rawValues(reflect.ValueOf(obj).Elem())}, nil
}

func (d *events[E]) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		d.obj.reset()
		for _, raw := range d.raws {
			*raw = (*raw)[:0] // keeps its memory for this row
		}
		if err := json.Unmarshal(line, d.obj); err != nil {
			return Flow{}, d.row.badJSON(d.in.n, line, whole, err)
		}
		d.row.values = [numFields][]byte{}
		if bad := d.obj.take(&d.row, d.in.n); bad != nil {
			return Flow{}, bad
		}
		return d.row.flow(d.in.n)
	}
}

// rawValues lists the raw values of an object and of the objects in it, but
// for those behind pointers, which are made anew.
func rawValues(obj reflect.Value) []*json.RawMessage {
	var raws []*json.RawMessage
	for i := range obj.NumField() {
		f := obj.Field(i)
		if !f.CanInterface() {
			continue
		}
		if raw, ok := f.Addr().Interface().(*json.RawMessage); ok {
			raws = append(raws, raw)
		} else if f.Kind() == reflect.Struct {
			raws = append(raws, rawValues(f)...)
		}
	}
	return raws
}

// badJSON is the error of a line that cannot be read as an object.
func (r *rowReader) badJSON(n int64, line []byte, whole bool, err error) error {
	if !whole {
		return r.leaveOut(n, CutOff, excerpt(line)+" has no line end: the log is truncated, or was being written")
	}
	return r.leaveOut(n, BadJSON, excerpt(line)+": "+err.Error())
}

// plain returns the text of a raw value: a string without quotes and escapes,
// a number as it stands, nil for null and for no value. An array of one value
// is that value, as Elastic writes it.
func plain(raw json.RawMessage) []byte {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if raw[0] == '[' {
		var one []json.RawMessage
		if err := json.Unmarshal(raw, &one); err == nil && len(one) == 1 && one[0][0] != '[' {
			return plain(one[0])
		}
	}
	if raw[0] != '"' {
		return raw
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return raw // not reached: the object around it was read
	}
	return []byte(s)
}
