package ingest

import "encoding/json"

// zeekObject is a row of Zeek's JSON log form: one object a line, in which
// fields that are not set are left out.
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

func (o *zeekObject) reset() {}

func (o *zeekObject) take(r *rowReader, line int64) error {
	if path := plain(o.Path); path != nil && string(path) != "conn" {
		return r.leaveOut(line, OtherLog, "_path "+excerpt(path))
	}
	v := &r.values
	v[fieldTime], v[fieldProto] = plain(o.TS), plain(o.Prot)
	v[fieldSrc], v[fieldDst], v[fieldPort] = plain(o.Orig), plain(o.Resp), plain(o.Port)
	v[fieldUp], v[fieldDown] = plain(o.Up), plain(o.Down)
	v[fieldUpMost], v[fieldDownMost] = plain(o.UpIP), plain(o.DownIP)
	if r.names[fieldUpMost] == "" { // the packets' bytes are asked for
		v[fieldUp], v[fieldDown], v[fieldUpMost], v[fieldDownMost] = v[fieldUpMost], v[fieldDownMost], nil, nil
	}
	return nil
}
