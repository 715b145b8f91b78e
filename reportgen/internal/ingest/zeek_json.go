package ingest

import "slices"

// zeekSpec describes rows of Zeek's log as JSON, in which fields that are not set
// are left out. Exports spell the fields of the record id in several ways.
func zeekSpec(names *[numFields]string) *jsonSpec {
	s := &jsonSpec{
		about:    "a Zeek log",
		extra:    slices.Concat(zeekStreams, []string{"event_type"}, zeekConnOnly),
		wrappers: []string{"zeek", "conn"},
		take:     takeZeek,
		flow:     zeekStateFlow,
	}
	for f, name := range names {
		if name != "" {
			s.paths[f] = zeekSpellings(name)
		}
	}
	s.paths[fieldTime] = append(s.paths[fieldTime], "@timestamp")
	return s
}

// zeekStreams are the keys that say which log a row is of, where several are in one file.
var zeekStreams = []string{"_path", "@path", "@stream", "@meta.stream", "log_type"}

// zeekConnOnly are the fields that only rows of the connection log have.
var zeekConnOnly = []string{
	"conn_state", "history", "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts", "orig_ip_bytes", "resp_ip_bytes", "missed_bytes",
}

func takeZeek(e *jsonEvent, r *rowReader, line int64) error {
	for _, key := range zeekStreams {
		if v := e.get(key); v != nil && string(v) != "conn" {
			return r.leaveOut(line, otherLog, key+" "+excerpt(v))
		}
	}
	if !slices.ContainsFunc(zeekConnOnly, func(key string) bool { return e.get(key) != nil }) {
		return r.leaveOut(line, otherLog, "a row without conn_state, orig_bytes and other fields of connections")
	}
	return nil
}
