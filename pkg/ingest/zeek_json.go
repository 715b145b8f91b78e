package ingest

import (
	"bytes"
	"encoding/json"
)

// zeekJSON decodes Zeek's JSON log form: one object a line, in which fields
// that are not set are left out.
type zeekJSON struct {
	in  *lines
	row zeekRow
	obj zeekObject
}

// zeekObject holds the raw values of an object, so that their memory is used
// again for the next row. A raw value is empty where the object has none.
type zeekObject struct {
	Path json.RawMessage `json:"_path"` // set by writers that mix several logs in a stream
	TS   json.RawMessage `json:"ts"`
	Orig json.RawMessage `json:"id.orig_h"`
	Resp json.RawMessage `json:"id.resp_h"`
	Port json.RawMessage `json:"id.resp_p"`
	Prot json.RawMessage `json:"proto"`
	Up   json.RawMessage `json:"orig_bytes"`
	Down json.RawMessage `json:"resp_bytes"`

	UpIP   json.RawMessage `json:"orig_ip_bytes"`
	DownIP json.RawMessage `json:"resp_ip_bytes"`
}

// raws lists the values in the order of zeekField.
func (o *zeekObject) raws() [zeekFields]*json.RawMessage {
	return [zeekFields]*json.RawMessage{&o.TS, &o.Orig, &o.Resp, &o.Port, &o.Prot, &o.Up, &o.Down, &o.UpIP, &o.DownIP}
}

func (d *zeekJSON) Read() (Flow, error) {
	for {
		line, whole, err := d.in.next()
		if err != nil {
			return Flow{}, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if bad := d.split(line, whole); bad != nil {
			return Flow{}, bad
		}
		return d.row.flow(d.in.n)
	}
}

// split finds the values that a flow needs in an object.
func (d *zeekJSON) split(line []byte, whole bool) error {
	d.obj.Path = d.obj.Path[:0]
	raws := d.obj.raws()
	for _, raw := range raws {
		*raw = (*raw)[:0]
	}
	if err := json.Unmarshal(line, &d.obj); err != nil {
		if !whole {
			return d.row.leaveOut(d.in.n, CutOff, excerpt(line)+" has no line end: the log is truncated, or was being written")
		}
		return d.row.leaveOut(d.in.n, BadJSON, excerpt(line)+": "+err.Error())
	}
	if path := plain(d.obj.Path); path != nil && string(path) != "conn" {
		return d.row.leaveOut(d.in.n, OtherLog, "_path "+excerpt(path))
	}
	for k, raw := range raws {
		d.row.values[k] = plain(*raw)
	}
	return nil
}

// plain returns the text of a raw value: a string without quotes and escapes,
// a number as it stands, nil for null and for no value.
func plain(raw json.RawMessage) []byte {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
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
