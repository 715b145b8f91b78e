package ingest

import (
	"cmp"
	"testing"
)

// If the bytes of IP packets are asked for, they are used whatever the payload
// field says, and are unknown if they were not counted.
func TestZeekBytes(t *testing.T) {
	const tsv = "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\torig_ip_bytes\tresp_ip_bytes\n" +
		"1713530096\t10.0.0.1\t10.0.0.2\t80\ttcp\t3\t4\t103\t104\n" +
		"1713530096\t10.0.0.1\t10.0.0.2\t80\ttcp\t-\t-\t40\t0\n" +
		"1713530096\t10.0.0.1\t10.0.0.2\t80\ttcp\t3\t1964191874\t103\t-\n"
	const json = `{"ts":1713530096,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp","orig_bytes":3,"resp_bytes":4,"orig_ip_bytes":103,"resp_ip_bytes":104}
{"ts":1713530096,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp","orig_ip_bytes":40,"resp_ip_bytes":0}
{"ts":1713530096,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp","orig_bytes":3,"resp_bytes":1964191874,"orig_ip_bytes":103}
`
	type bytes struct {
		up, down        int64
		unknown, capped bool
	}
	payload := []bytes{{3, 4, false, false}, {0, 0, true, false}, {3, 1964191874, false, false}}
	ip := []bytes{{103, 104, false, false}, {40, 0, false, false}, {103, 0, true, false}}
	for name, log := range map[string]string{"TSV": tsv, "JSON": json} {
		for kind, want := range map[ByteKind][]bytes{"": payload, PayloadBytes: payload, IPBytes: ip} {
			got := decodeAs("zeek", log, Options{Bytes: kind})
			if got.err != nil || len(got.bad) > 0 || len(got.flows) != len(want) {
				t.Fatalf("%s, %q: %+v", name, kind, got)
			}
			for i, f := range got.flows {
				if b := (bytes{f.Up, f.Down, f.BytesUnknown, f.BytesCapped}); b != want[i] {
					t.Errorf("%s, %q, row %d: %+v, want %+v", name, cmp.Or(kind, "default"), i+1, b, want[i])
				}
			}
		}
	}
}

func TestZeekBytesRefused(t *testing.T) {
	const without = "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n1\t::1\t::2\t0\ttcp\t1\t2\n"
	testFormat(t, "zeek", []formatCase{
		{"log without them", Options{Bytes: IPBytes}, without, "error: line 1: #fields has no orig_ip_bytes: this log has no bytes of IP packets"},
	})
	testFormat(t, "eve", []formatCase{
		{"another format", Options{Bytes: IPBytes}, "", "error: --bytes is only for zeek and pcap; eve logs have one kind of byte count"},
	})
}
