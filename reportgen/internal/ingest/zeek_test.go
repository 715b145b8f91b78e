package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// short is the header of a log with only what a flow needs, in an order other
// than Zeek's; its last field is not needed.
const short = "#separator \\x09\n#unset_field\t-\n#path\tconn\n" +
	"#fields\tproto\tresp_bytes\torig_bytes\tid.resp_p\tid.resp_h\tid.orig_h\tts\thistory\n"

func TestZeekRow(t *testing.T) {
	ams, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Skip("no time zone data here:", err)
	}
	const tail = `"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp","orig_bytes":3,"resp_bytes":4}`
	at := func(time flow.Time) flow.Record { return record(time, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 3, 4) }
	noon := 12*flow.Hour + 34*flow.Minute + 56*flow.Second
	day := date(t, "2024-04-19") // 1713484800
	for _, test := range []struct {
		name string
		log  string
		loc  *time.Location
		want Flow
	}{
		{"fields in any order", short + "udp\t4\t3\t53\t10.0.0.2\t10.0.0.1\t1713530096.789123\tDd\n", time.UTC,
			Flow{Record: record(noon+78, "10.0.0.1", "10.0.0.2", flow.UDP, 53, 3, 4), Date: day, Line: 5}},
		{"hundredths are cut, not rounded", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096.999999\tDd\n", time.UTC,
			Flow{Record: at(noon + 99), Date: day, Line: 5}},
		{"whole seconds", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096\tDd\n", time.UTC, Flow{Record: at(noon), Date: day, Line: 5}},
		{"one decimal", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096.7\tDd\n", time.UTC, Flow{Record: at(noon + 70), Date: day, Line: 5}},
		{"last hundredth of the day", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713571199.999\t-\n", time.UTC,
			Flow{Record: at(flow.Day - 1), Date: day, Line: 5}},
		{"local day", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713571199.999\t-\n", ams,
			Flow{Record: at(2*flow.Hour - 1), Date: day + 1, Line: 5}},
		{"winter time", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1705664096\t-\n", ams,
			Flow{Record: at(noon), Date: date(t, "2024-01-19"), Line: 5}},
		{"day of 25 hours, the hour met again", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1729990800\t-\n", ams,
			Flow{Record: at(2 * flow.Hour), Date: date(t, "2024-10-27"), Line: 5}},
		{"day of 23 hours, after the hour that it lacks", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1711846800\t-\n", ams,
			Flow{Record: at(3 * flow.Hour), Date: date(t, "2024-03-31"), Line: 5}},
		{"bytes not set", short + "tcp\t-\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096\tDd\n", time.UTC,
			Flow{Record: record(noon, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 3, 0), Date: day, Line: 5, BytesUnknown: true}},
		{"IPv6", short + "tcp\t4\t3\t80\t::ffff:10.0.0.2\t2001:DB8::1\t1713530096\tDd\n", time.UTC,
			Flow{Record: record(noon, "2001:db8::1", "10.0.0.2", flow.TCP, 80, 3, 4), Date: day, Line: 5}},
		{"Windows line ends and a byte order mark", "\ufeff" + strings.ReplaceAll(short, "\n", "\r\n") + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096\t-\r\n",
			time.UTC, Flow{Record: at(noon), Date: day, Line: 5}},
		{"another separator, escaped in addresses", "#separator \\x3a\n#unset_field:none\n#fields:ts:id.orig_h:id.resp_h:id.resp_p:proto:orig_bytes:resp_bytes:x\n" +
			"1713530096:2001\\x3adb8\\x3a\\x3a1:10.0.0.2:80:tcp:3:none:-\n", time.UTC,
			Flow{Record: record(noon, "2001:db8::1", "10.0.0.2", flow.TCP, 80, 3, 0), Date: day, Line: 4, BytesUnknown: true}},
		{"no separator named", "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n" +
			"1713530096\t10.0.0.1\t10.0.0.2\t80\ttcp\t3\t4\n", time.UTC, Flow{Record: at(noon), Date: day, Line: 2}},
		{"no line end, last field not needed", short + "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096\tShA", time.UTC, Flow{Record: at(noon), Date: day, Line: 5}},
		{"payload beyond the packets", "#fields\torig_ip_bytes\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\tresp_ip_bytes\tx\n" +
			"152\t1713530096\t10.0.0.1\t10.0.0.2\t80\ttcp\t152\t1964191874\t84\t-\n", time.UTC,
			Flow{Record: record(noon, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 152, 84), Date: day, Line: 2, BytesCapped: true}},
		{"packets not counted", "#fields\torig_ip_bytes\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\tresp_ip_bytes\tx\n" +
			"-\t1713530096\t10.0.0.1\t10.0.0.2\t80\ttcp\t152\t1964191874\t0\t-\n", time.UTC,
			Flow{Record: record(noon, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 152, 1964191874), Date: day, Line: 2}},
		{"JSON, payload beyond the packets", `{"resp_ip_bytes":3,"ts":1713530096,` + tail + "\n", time.UTC,
			Flow{Record: record(noon, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 3, 3), Date: day, Line: 1, BytesCapped: true}},
		{"JSON", `{"ts":1713530096.789123,` + tail + "\n", time.UTC, Flow{Record: at(noon + 78), Date: day, Line: 1}},
		{"JSON without line end", `{"ts":1713530096.789123,` + tail, time.UTC, Flow{Record: at(noon + 78), Date: day, Line: 1}},
		{"JSON after blank lines", "\n\r\n" + `{"ts":1713530096,` + tail + "\n", time.UTC, Flow{Record: at(noon), Date: day, Line: 3}},
		{"JSON, ISO time", `{"ts":"2024-04-19T12:34:56.789123Z",` + tail + "\n", time.UTC, Flow{Record: at(noon + 78), Date: day, Line: 1}},
		{"JSON, ISO time with an offset", `{"ts":"2024-04-19T14:34:56.789123+02:00",` + tail + "\n", time.UTC, Flow{Record: at(noon + 78), Date: day, Line: 1}},
		{"JSON, ISO time, local day", `{"ts":"2024-04-18T22:30:00Z",` + tail + "\n", ams, Flow{Record: at(30 * flow.Minute), Date: day, Line: 1}},
		{"JSON, milliseconds", `{"ts":1713530096789,` + tail + "\n", time.UTC, Flow{Record: at(noon + 78), Date: day, Line: 1}},
		{"JSON, null", `{"ts":1713530096,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","id.resp_p":80,"proto":"tcp","orig_bytes":null,"resp_bytes":4}` + "\n",
			time.UTC, Flow{Record: record(noon, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 0, 4), Date: day, Line: 1, BytesUnknown: true}},
		{"JSON, escape in a string", `{"ts":1713530096,` + strings.Replace(tail, "tcp", `\u0074cp`, 1) + "\n", time.UTC, Flow{Record: at(noon), Date: day, Line: 1}},
		{"JSON, of the conn stream", `{"_path":"conn","ts":1713530096,` + tail + "\n", time.UTC, Flow{Record: at(noon), Date: day, Line: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := decode(test.log, test.loc)
			if got.err != nil || len(got.bad) > 0 {
				t.Fatalf("error %v, left out %v", got.err, got.bad)
			}
			if diff := cmp.Diff([]Flow{test.want}, got.flows, cmpopts.EquateComparable(flow.Record{})); diff != "" {
				t.Error("want(-) got(+):\n", diff)
			}
		})
	}
}

func TestZeekRowLeftOut(t *testing.T) {
	row := func(values ...string) string { return short + strings.Join(values, "\t") + "\n" }
	for _, test := range []struct {
		name string
		log  string
		want rowError
	}{
		{"transport that is not known", row("unknown_transport", "4", "3", "0", "10.0.0.2", "10.0.0.1", "1", "-"), rowError{Line: 5, Reason: otherProtocol, Detail: `"unknown_transport"`}},
		{"protocol not set", row("-", "4", "3", "0", "10.0.0.2", "10.0.0.1", "1", "-"), rowError{Line: 5, Reason: noValue, Detail: "proto"}},
		{"time", row("tcp", "4", "3", "0", "10.0.0.2", "10.0.0.1", "noon", "-"), rowError{Line: 5, Reason: badTime, Detail: `ts "noon"`}},
		{"time with letters", row("tcp", "4", "3", "0", "10.0.0.2", "10.0.0.1", "1.2x", "-"), rowError{Line: 5, Reason: badTime, Detail: `ts "1.2x"`}},
		{"time before 1970", row("tcp", "4", "3", "0", "10.0.0.2", "10.0.0.1", "-0.5", "-"), rowError{Line: 5, Reason: badTime, Detail: `ts "-0.5"`}},
		{"time far away", row("tcp", "4", "3", "0", "10.0.0.2", "10.0.0.1", "999999999999999", "-"), rowError{Line: 5, Reason: badTime, Detail: `ts "999999999999999"`}},
		{"source", row("tcp", "4", "3", "0", "10.0.0.2", "10.0.0", "1", "-"), rowError{Line: 5, Reason: badAddress, Detail: `id.orig_h "10.0.0"`}},
		{"zone", row("tcp", "4", "3", "0", "10.0.0.2", "fe80::1%eth0", "1", "-"), rowError{Line: 5, Reason: badAddress, Detail: `id.orig_h "fe80::1%eth0"`}},
		{"destination not set", row("tcp", "4", "3", "0", "-", "10.0.0.1", "1", "-"), rowError{Line: 5, Reason: noValue, Detail: "id.resp_h"}},
		{"port", row("tcp", "4", "3", "65536", "10.0.0.2", "10.0.0.1", "1", "-"), rowError{Line: 5, Reason: badPort, Detail: `id.resp_p "65536"`}},
		{"negative bytes", row("tcp", "4", "-3", "0", "10.0.0.2", "10.0.0.1", "1", "-"), rowError{Line: 5, Reason: badBytes, Detail: `orig_bytes "-3"`}},
		{"negative packet bytes", "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\torig_ip_bytes\n" +
			"1\t::1\t::2\t0\ttcp\t1\t2\t-3\n", rowError{Line: 2, Reason: badBytes, Detail: `orig_ip_bytes "-3"`}},
		{"bytes beyond 63 bits", row("tcp", "9223372036854775808", "3", "0", "10.0.0.2", "10.0.0.1", "1", "-"), rowError{Line: 5, Reason: badBytes, Detail: `resp_bytes "9223372036854775808"`}},
		{"bad escape", row("tcp", "4", "3", "0", "10.0.0.2", `10\x2`, "1", "-"), rowError{Line: 5, Reason: badAddress, Detail: `id.orig_h "10\\x2"`}},
		{"too few fields", row("tcp", "4", "3"), rowError{Line: 5, Reason: fieldCount, Detail: "3 of 8 fields"}},
		{"one too few", row("tcp", "4", "3", "0", "10.0.0.2", "10.0.0.1", "1"), rowError{Line: 5, Reason: fieldCount, Detail: "7 of 8 fields"}},
		{"one too many", row("tcp", "4", "3", "0", "10.0.0.2", "10.0.0.1", "1", "-", "-"), rowError{Line: 5, Reason: fieldCount, Detail: "9 of 8 fields"}},
		{"cut off", short + "tcp\t4\t3\t8", rowError{Line: 5, Reason: cutOff, Detail: "4 of 8 fields, and no line end: the log is truncated, or was being written"}},
		{"cut off in the last field, which is needed", "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n" +
			"1\t10.0.0.1\t10.0.0.2\t80\ttcp\t3\t4", rowError{Line: 2, Reason: cutOff, Detail: "7 of 7 fields, and no line end: the log is truncated, or was being written"}},
		{"one too many, the last needed", "#fields\tts\tid.orig_h\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n" +
			"1\t10.0.0.1\t10.0.0.2\t80\ttcp\t3\t4\t5\n", rowError{Line: 2, Reason: fieldCount, Detail: "8 of 7 fields"}},
		{"JSON cut off", `{"ts":17135`, rowError{Line: 1, Reason: cutOff, Detail: `"{\"ts\":17135" has no line end: the log is truncated, or was being written`}},
		{"JSON broken", `{"ts":17135` + "\n", rowError{Line: 1, Reason: badJSON, Detail: `"{\"ts\":17135": cannot parse JSON: cannot parse object: unexpected end of object`}},
		{"JSON of another log", `{"_path":"dns","ts":1}` + "\n", rowError{Line: 1, Reason: otherLog, Detail: `_path "dns"`}},
		{"JSON without a field", `{"proto":"tcp","ts":1,"conn_state":"SF","id.orig_h":"10.0.0.1"}` + "\n", rowError{Line: 1, Reason: noValue, Detail: "id.resp_h"}},
		{"JSON, wrong type", `{"proto":"tcp","ts":1,"id.orig_h":true,"orig_pkts":1}` + "\n", rowError{Line: 1, Reason: badAddress, Detail: `id.orig_h "true"`}},
		{"JSON without fields of connections", `{"proto":"tcp","ts":1,"id.orig_h":"10.0.0.1","query":"a"}` + "\n", rowError{Line: 1, Reason: otherLog, Detail: "a row without conn_state, orig_bytes and other fields of connections"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := decode(test.log, time.UTC)
			if got.err != nil || len(got.flows) > 0 {
				t.Fatalf("error %v, flows %v", got.err, got.flows)
			}
			if diff := cmp.Diff([]rowError{test.want}, got.bad); diff != "" {
				t.Error("want(-) got(+):\n", diff)
			}
		})
	}
}

func TestZeekFileRefused(t *testing.T) {
	for _, test := range []struct {
		name, log, want string
	}{
		{"prose", "Lorem ipsum\n", `line 1: "Lorem ipsum": not the header`},
		{"no header", "1713530096\tC1\t10.0.0.1\n", `line 1: "1713530096\tC1\t10.0.0.1": not the header`},
		{"row before #fields", "#separator \\x09\n1\t2\n", "line 2: a row before the #fields line"},
		{"another log", "#separator \\x09\n#path\tdns\n#fields\tts\tuid\tquery\n", `line 3: #fields lacks id.orig_h: the log (#path "dns") is truncated or not a connection log; import conn.log`},
		{"#types do not fit", short + "#types\ttime\n", "line 5: #types names 1 types, #fields 8 fields"},
		{"separator", "#separator \\xzz\n", "line 1: #separator"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := decode(test.log, time.UTC)
			if got.err == nil || !strings.Contains(got.err.Error(), test.want) {
				t.Errorf("error %v does not say %q", got.err, test.want)
			}
		})
	}
}

// TestZeekHeaderAgain reads two logs with different fields, one after the
// other in a file, as zcat of several logs gives them.
func TestZeekHeaderAgain(t *testing.T) {
	got := decode(short+"tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1\t-\n#close\tx\n"+
		"#separator \\x20\n#unset_field ?\n#fields ts id.orig_h id.resp_h id.resp_p proto orig_bytes resp_bytes\n"+
		"2 10.0.0.3 10.0.0.4 443 tcp 5 ?\n", time.UTC)
	want := []Flow{
		{Record: record(100, "10.0.0.1", "10.0.0.2", flow.TCP, 80, 3, 4), Line: 5},
		{Record: record(200, "10.0.0.3", "10.0.0.4", flow.TCP, 443, 5, 0), Line: 10, BytesUnknown: true},
	}
	if got.err != nil || len(got.bad) > 0 {
		t.Fatalf("error %v, left out %v", got.err, got.bad)
	}
	if diff := cmp.Diff(want, got.flows, cmpopts.EquateComparable(flow.Record{})); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
}

func TestZeekNames(t *testing.T) {
	for name, want := range map[string]bool{
		"conn.log": true, "conn.log.gz": true, "conn.json": true, "conn.00:00:00-01:00:00.log.gz": true,
		"conn_20240419_00:00:00-01:00:00+0000.log.gz": true, "conn-2024-04-19.ndjson": true,
		"conn-summary.00:00:00-01:00:00.log.gz": false, "open_conn.log": false, "dns.log": false,
		"conn_red.log": false, "conn.log.txt": false, "known_conn.log": false,
	} {
		if got := zeek(t).Wants(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestZeekRowAllocates reads rows of hosts already met without taking memory.
func TestZeekRowAllocates(t *testing.T) {
	const runs = 1000
	log := short + strings.Repeat("tcp\t4\t3\t80\t10.0.0.2\t2001:db8::1\t1713530096.78\tDd\n"+
		"icmp\t-\t-\t8\t10.0.0.2\t2001:db8::1\t1713530096.78\t-\n", runs+2)
	in, err := newLines(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	d, err := openZeek(in, newRowReader(clock{time.UTC}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(runs, func() {
		if _, err := d.Read(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Read(); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a row", allocs)
	}
}
