package ingest

import (
	"bytes"
	"encoding/json"
)

// zeekJSON decodes Zeek's JSON log form: one object a line, in which fields
// that are not set are left out.
type zeekJSON struct {
	in  *lines
	row rowReader
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

// raws lists the values by field.
func (o *zeekObject) raws() [fieldDownMost + 1]*json.RawMessage {
	return [...]*json.RawMessage{
		fieldTime: &o.TS, fieldSrc: &o.Orig, fieldDst: &o.Resp, fieldPort: &o.Port, fieldProto: &o.Prot,
		fieldUp: &o.Up, fieldDown: &o.Down, fieldUpMost: &o.UpIP, fieldDownMost: &o.DownIP,
	}
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
		return d.row.badJSON(d.in.n, line, whole, err)
	}
	if path := plain(d.obj.Path); path != nil && string(path) != "conn" {
		return d.row.leaveOut(d.in.n, OtherLog, "_path "+excerpt(path))
	}
	v := &d.row.values
	for k, raw := range raws {
		v[k] = plain(*raw)
	}
	if d.row.names[fieldUpMost] == "" {
		v[fieldUp], v[fieldDown], v[fieldUpMost], v[fieldDownMost] = v[fieldUpMost], v[fieldDownMost], nil, nil
	}
	return nil
}
