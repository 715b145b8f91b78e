package ingest

import (
	"encoding/json"
	"regexp"
)

var eveName = regexp.MustCompile(`^(eve[._-].*|eve|.*[._-]eve|.*[._-]suricata)\.(json|ndjson|log)(\.[0-9-]+)?(\.gz|\.zst|\.bz2)?$`)

func isEVE(base string) bool { return eveName.MatchString(base) }

// eveEvent is an event of Suricata's EVE log.
//
// A flow event tells both directions, and its source is who sent the first
// packet that Suricata saw. Its own timestamp is when the flow was logged;
// it began at flow.start. A netflow event tells one direction. A log may
// have both for the same traffic, so that only one kind is read.
//
// Bytes are those of the packets, link layer included.
type eveEvent struct {
	wanted string

	Type    string          `json:"event_type"`
	Src     json.RawMessage `json:"src_ip"`
	SrcPort json.RawMessage `json:"src_port"`
	Dst     json.RawMessage `json:"dest_ip"`
	Port    json.RawMessage `json:"dest_port"`
	Proto   json.RawMessage `json:"proto"`
	Flow    struct {
		Start json.RawMessage `json:"start"`
		Up    json.RawMessage `json:"bytes_toserver"`
		Down  json.RawMessage `json:"bytes_toclient"`
	} `json:"flow"`
	Netflow struct {
		Start json.RawMessage `json:"start"`
		End   json.RawMessage `json:"end"`
		Bytes json.RawMessage `json:"bytes"`
	} `json:"netflow"`
}

// openEVE returns the opening of a log of which the events of a kind are read.
func openEVE(wanted string) func(*lines, rowReader, Options) (Decoder, error) {
	return func(in *lines, r rowReader, _ Options) (Decoder, error) {
		r.names = [numFields]string{
			fieldTime: wanted + ".start", fieldProto: "proto",
			fieldSrc: "src_ip", fieldSrcPort: "src_port", fieldDst: "dest_ip", fieldPort: "dest_port",
			fieldUp: "flow.bytes_toserver", fieldDown: "flow.bytes_toclient",
		}
		if wanted == "netflow" {
			r.names[fieldUp], r.names[fieldDown], r.names[fieldEnd] = "netflow.bytes", "", "netflow.end"
		}
		return openEvents(in, r, &eveEvent{wanted: wanted}, "an EVE log of Suricata")
	}
}

func (e *eveEvent) reset() { e.Type = "" }

func (e *eveEvent) take(r *rowReader, line int64) error {
	if e.Type != e.wanted {
		if e.Type == "" {
			return r.leaveOut(line, NoValue, "event_type")
		}
		return r.leaveOut(line, OtherLog, "event_type "+excerpt([]byte(e.Type)))
	}
	v := &r.values
	v[fieldSrc], v[fieldSrcPort], v[fieldDst], v[fieldPort] = plain(e.Src), plain(e.SrcPort), plain(e.Dst), plain(e.Port)
	v[fieldProto] = plain(e.Proto)
	if e.wanted == "netflow" {
		v[fieldTime], v[fieldEnd], v[fieldUp] = plain(e.Netflow.Start), plain(e.Netflow.End), plain(e.Netflow.Bytes)
		return nil
	}
	v[fieldTime], v[fieldUp], v[fieldDown] = plain(e.Flow.Start), plain(e.Flow.Up), plain(e.Flow.Down)
	return nil
}
