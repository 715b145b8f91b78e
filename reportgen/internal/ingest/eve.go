package ingest

import (
	"regexp"
)

var eveName = regexp.MustCompile(`^(eve[._-].*|eve|.*[._-]eve|.*[._-]suricata)\.(json|ndjson|log)(\.[0-9-]+)?(\.gz|\.zst|\.bz2|\.xz)?$`)

func isEVE(base string) bool { return eveName.MatchString(base) }

// openEVE returns the function that opens Suricata's EVE log and reads its events
// of one type.
//
// A flow event describes both directions. Its source is the host that sent the
// first packet that Suricata saw. Its timestamp is the time when the flow was
// logged; the flow began at flow.start. A netflow event describes one direction. A
// log may have both for the same traffic, so only one type is read.
//
// Byte counts include the headers of packets, down to the link layer.
func openEVE(wanted string) func(*lines, rowReader, Options) (decoder, error) {
	spec := &jsonSpec{
		about:    "an EVE log of Suricata",
		wrappers: []string{"suricata", "eve", "data"}, // of Filebeat and Wazuh
		extra:    []string{"event_type", "tcp.state", "flow.state", "tcp.tcp_flags_ts", "tcp.tcp_flags_tc", "tcp.tcp_flags", "icmp_type", "icmp_code"},
		take: func(e *jsonEvent, r *rowReader, line int64) error {
			switch kind := e.get("event_type"); {
			case kind == nil:
				return r.leaveOut(line, noValue, "event_type")
			case string(kind) != wanted:
				return r.leaveOut(line, otherLog, "event_type "+excerpt(kind))
			}
			if e.get("icmp_type") != nil {
				r.values[fieldPort] = e.typeAndCode("icmp_type", "icmp_code")
			}
			r.values[fieldFlags] = hexFlags(either(e.get("tcp.tcp_flags_ts"), e.get("tcp.tcp_flags")))
			r.values[fieldDownFlags] = hexFlags(e.get("tcp.tcp_flags_tc"))
			return nil
		},
	}
	spec.paths = [numFields][]string{
		fieldTime: {wanted + ".start"}, fieldEnd: {wanted + ".end"}, fieldProto: {"proto"},
		fieldSrc: {"src_ip"}, fieldSrcPort: {"src_port"}, fieldDst: {"dest_ip"}, fieldPort: {"dest_port"},
		fieldUp: {"flow.bytes_toserver"}, fieldDown: {"flow.bytes_toclient"},
		fieldUpPackets: {"flow.pkts_toserver"}, fieldDownPackets: {"flow.pkts_toclient"},
		fieldUID: {"flow_id"}, fieldName: {"tls.sni", "http.hostname", "dns.rrname"},
	}
	if wanted == "netflow" {
		spec.paths[fieldUp], spec.paths[fieldDown] = []string{"netflow.bytes"}, nil
		spec.paths[fieldUpPackets], spec.paths[fieldDownPackets] = []string{"netflow.pkts"}, nil
	}
	return func(in *lines, r rowReader, _ Options) (decoder, error) {
		r.icmpForm = icmpPacked
		return openEvents(in, r, spec)
	}
}

// either returns the first value that is set.
func either(values ...[]byte) []byte {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}
