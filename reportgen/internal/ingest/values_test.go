package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

func TestWrittenCounts(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1234": 1234, " 100": 100, "443 ": 443, "1,234": 1234, "12,345,678": 12_345_678, "1'234'567": 1_234_567, "1 234": 1234, "1\u00a0234": 1234,
		"1_000": 1000, "1.234.567": 1_234_567, "100.0": 100, "1.5E7": 15_000_000, "1e+05": 100_000, "1.2 M": 1_200_000, "1.2M": 1_200_000, "3 KiB": 3072,
		"2 kB": 2000, "5 B": 5, "0x35": 53, "9223372036854775807": 1<<63 - 1, "+7": 7,
		"1,5 M": 1_500_000, "12,25 KB": 12_250, "1,234 K": 1_234_000, "1\u2009234": 1234,
	} {
		var r rowReader
		if n, set, ok := r.countOf([]byte(text)); n != want || !set || !ok {
			t.Errorf("%q: %d, %v, want %d", text, n, ok, want)
		}
		if rounded := strings.ContainsAny(text, "KkM"); r.rounded != rounded {
			t.Errorf("%q: rounded %v", text, r.rounded)
		}
	}
	for _, text := range []string{"", "-1", "1.5", "1,23", "12,34,56", "1,2,345", "1,2345", "1.23.4", "x", "0x", "1e400", "9223372036854775808", "NaN", "M", "1 X", "1.2 MM", "1,234.5"} {
		var r rowReader
		if n, _, ok := r.countOf([]byte(text)); ok {
			t.Errorf("%q is read as %d", text, n)
		}
	}
	var r rowReader
	if n, set, ok := r.countOf(nil); n != 0 || set || !ok {
		t.Errorf("no value: %d %v %v", n, set, ok)
	}
}

func TestPorts(t *testing.T) {
	if p, ok := port([]byte(" 443 ")); p != 443 || !ok {
		t.Errorf("with blanks: %d %v", p, ok)
	}
	for text, want := range map[string]uint16{"0": 0, "443": 443, "443.0": 443, "0x0035": 53, "https": 443, "HTTP": 80, "domain": 53, "ssh": 22, "microsoft-ds": 445, "ntp": 123, "http-alt": 8080,
		"443/tcp": 443, "UDP/53": 53, "443 (https)": 443, "https(443)": 443, "DNS": 53, "rdp": 3389,
	} {
		if p, ok := port([]byte(text)); p != want || !ok {
			t.Errorf("%q: %d %v, want %d", text, p, ok, want)
		}
	}
	for _, text := range []string{"", "65536", "-1", "0x10000", "no-such-service", "443/x", "tcp", "(443", "x (y)", "x(443)(80)"} {
		if p, ok := port([]byte(text)); ok {
			t.Errorf("%q is read as %d", text, p)
		}
	}
}

func TestProtocols(t *testing.T) {
	for text, want := range map[string]flow.Proto{
		"tcp": 6, "TCP  ": 6, " tcp": 6, "Tcp": 6, "6": 6, "6.0": 6, "0x06": 6, "17.0": 17, "UDP": 17, "rtp": 17, "udt": 17, "icmp": 1, "ICMP6": 58, "58": 58, "gre": 47, "arp": 255,
		"TCP (6)": 6, "17(UDP)": 17, "6 (whatever)": 6, "IPPROTO_TCP": 6, "udp4": 17,
	} {
		if p, ok := protocol([]byte(text)); p != want || !ok {
			t.Errorf("%q: %v %v, want %v", text, p, ok, want)
		}
	}
	for _, text := range []string{"", "256", "-6", "6.5", "teepee", "tcp,udp", "(6)", "a (b)"} {
		if p, ok := protocol([]byte(text)); ok {
			t.Errorf("%q is read as %v", text, p)
		}
	}
}

// TestTimes reads one moment, 2024-04-19 12:34:56.78 UTC, in the forms that
// programs write.
func TestTimes(t *testing.T) {
	lisbon, err := time.LoadLocation("Europe/Lisbon") // an hour ahead of UTC on that day
	if err != nil {
		t.Fatal(err)
	}
	const noon = "2024-04-19 12:34:56.78"
	for text, want := range map[string]string{
		"1713530096.789": noon, "1713530096789": noon, "1713530096789123": noon, "1713530096789123456": noon, "1.713530096789E9": noon,
		"2024-04-19T12:34:56.789Z": noon, "2024-04-19T12:34:56.789+00:00": noon, "2024-04-19 12:34:56.789+00": noon, "2024-04-19T14:34:56.789+0200": noon,
		"2024-04-19 14:34:56.789 +0200": noon, "2024-04-19 13:34:56.789": noon, "2024/04/19 13:34:56.789": noon, "2024-04-19 13:34:56,789": noon,
		"2024-04-19 14:34:56.789 CEST": noon, "2024-04-19 08:34:56.789 EDT": noon, "2024-04-19 13:34:56.789 WEST": noon,
		"19.04.2024 13:34:56.789": noon, "19/Apr/2024:12:34:56.789 +0000": noon, "Apr 19, 2024 @ 13:34:56.789": noon,
		"2024-04-19 01:34:56.789 PM": noon, "20240419133456": "2024-04-19 12:34:56.00", "20240419T123456Z": "2024-04-19 12:34:56.00",
		"2024-04-19 13:34": "2024-04-19 12:34:00.00", "2024-04-19T12:34Z": "2024-04-19 12:34:00.00",
		"2024-04-18 24:00": "2024-04-18 23:00:00.00", "2024-04-18 24:00:00": "2024-04-18 23:00:00.00", "2016-12-31 23:59:60Z": "2016-12-31 23:59:59.00",
		"Fri, 19 Apr 2024 12:34:56 GMT": "2024-04-19 12:34:56.00", "Fri Apr 19 13:34:56 2024": "2024-04-19 12:34:56.00",
		"Fri Apr 19 12:34:56 UTC 2024": "2024-04-19 12:34:56.00", "Fri Apr 19 14:34:56 CEST 2024": "2024-04-19 12:34:56.00", "Apr 19 13:34:56 2024": "2024-04-19 12:34:56.00",
		"20240419 13:34:56": "2024-04-19 12:34:56.00", "19.04.2024 13:34": "2024-04-19 12:34:00.00",
		"4/19/2024 1:34:56 PM": "2024-04-19 12:34:56.00", "19/04/2024 13:34:56.789": noon, "19-04-2024 13:34": "2024-04-19 12:34:00.00", "4/19/2024, 01:34:56.789 p.m.": noon,
		"2024-04-19 14:34:56.789 UTC+2": noon, "2024-04-19 14:34:56.789 (UTC+02:00)": noon, "2024-04-19 14:34:56.789 GMT+0200": noon, "2024-04-19 12:34:56.789 (UTC)": noon,
		"2024-04-19t12:34:56.789z": noon, "2024-04-19 01:34:56.789 pm": noon, "2024-04-19 13:34:56:789": noon, "2024-04-19-13.34.56.789": noon, "2024.04.19 13:34:56.789": noon,
		"2024/04/19 12:34:56.789 +0000": noon, "1713530096,789": noon, "1,713,530,096": "2024-04-19 12:34:56.00", "2024-4-19 13:34:56.789": noon, "19.4.2024 13:34:56.789": noon,
		"April 19th 2024, 13:34:56.789": noon, "Friday, April 19, 2024 1:34:56.789 PM": noon, "19-APR-24 01.34.56.789000 PM": noon, "Fri 19 Apr 2024 01:34:56.789 PM WEST": noon,
	} {
		r := timeReader{clock: clock{time.UTC}, log: lisbon, finest: 1e9}
		if date, at, ok := r.read([]byte(text)); !ok || date.String()+" "+at.String() != want {
			t.Errorf("%q: %v %v %v, want %s", text, date, at, ok, want)
		}
	}
	for _, text := range []string{
		"", "noon", "-1", "2024-04-19", "04/05/2024 12:34:56", "2024-04-19 12:34:56 CST", "2024-04-19 12:34:56 IST", "2024-04-19 12:34:56 XYZ", "Fri Apr 19 12:34:56 CST 2024",
		"2024-04-19 25:00:00", "2024-13-01 00:00:00", "2024-04-19 24:01:00", "NaN", "Inf", "1e30", "12:34:56",
		"13/13/2024 12:34:56", "4/31/2024 12:34:56", "4/19-2024 12:34:56", "2024-04-19 12:34:56 UTC+99", "17,1353,0096",
	} {
		r := timeReader{clock: clock{time.UTC}, log: lisbon}
		if date, at, ok := r.read([]byte(text)); ok {
			t.Errorf("%q is read as %v %v", text, date, at)
		}
	}
	// An abbreviation with several meanings has one in a zone that uses it.
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	r := timeReader{clock: clock{time.UTC}, log: chicago}
	if date, at, ok := r.read([]byte("2024-01-19 06:34:56 CST")); !ok || date.String()+" "+at.String() != "2024-01-19 12:34:56.00" {
		t.Errorf("CST in Chicago: %v %v %v", date, at, ok)
	}
}

// Whether the day or the month comes first is known from the first row that shows it, and
// a row of the other order is not read.
func TestDateOrder(t *testing.T) {
	r := timeReader{clock: clock{time.UTC}}
	for _, row := range []struct{ text, want string }{
		{"4/5/2024 12:00", ""}, {"4/4/2024 12:00", "2024-04-04"}, {"4/13/2024 12:00", "2024-04-13"}, {"4/5/2024 12:00", "2024-04-05"}, {"13/4/2024 12:00", ""}, {"12/31/2024 12:00", "2024-12-31"},
	} {
		date, _, ok := r.read([]byte(row.text))
		if ok != (row.want != "") || ok && date.String() != row.want {
			t.Errorf("%s: %v %v, want %q", row.text, date, ok, row.want)
		}
	}
}

func TestSpans(t *testing.T) {
	for text, want := range map[string]float64{
		"1.5": 1.5, "1,5": 1.5, "1,234.5": 1234.5, "1.5s": 1.5, "1.5 s": 1.5, "1500ms": 1.5, "2.5E-4": 0.00025, "1m30s": 90, "PT1M30.5S": 90.5, "00:01:02.500": 62.5, "00:01:02,500": 62.5,
		"1d 00:00:01": 86401, "1 day, 0:00:01": 86401, "2 days 00:00:01.5": 172801.5, "100:00:01": 360001,
	} {
		if seconds, ok := span([]byte(text)); seconds != want || !ok {
			t.Errorf("%q: %v %v, want %v", text, seconds, ok, want)
		}
	}
	for _, text := range []string{"", "x", "NaN", "1:02", "1 week", "1 dog 00:00:01", "00:100:01", "-1 days 00:00:01", "d 00:00:01", "PT"} {
		if seconds, ok := span([]byte(text)); ok {
			t.Errorf("%q is read as %v", text, seconds)
		}
	}
}

func TestPlausibleDates(t *testing.T) {
	const head = "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n"
	now := time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]bool{
		"133579584000000000": false, "45401.416667": false, "20240419100000": true, "1713530096": true, "1713657600": true, "1713750000": false, "631152000": true, "631151999": false,
	} {
		opt := Options{Map: map[string]string{"timestamp": "ts"}, Now: now}
		got := decodeAs("csv", head+text+",10.0.0.1,10.0.0.2,tcp,443,1,2\n", opt)
		if got.err != nil || (len(got.flows) == 1) != want || !want && got.bad[0].Reason != badDate {
			t.Errorf("%s: %+v", text, got)
		}
		if want {
			continue
		}
		day, _, _ := (&timeReader{clock: clock{time.UTC}, finest: 1e9}).read([]byte(text))
		opt.Days = []Date{day}
		if got := decodeAs("csv", head+text+",10.0.0.1,10.0.0.2,tcp,443,1,2\n", opt); len(got.flows) != 1 {
			t.Errorf("%s of a chosen day: %+v", text, got)
		}
	}
}

// A capture whose clock was not set counts its times from its start.
func TestRelativeTimes(t *testing.T) {
	const head = "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n"
	const rest = ",10.0.0.1,10.0.0.2,tcp,443,1,2\n"
	opt := Options{Map: map[string]string{"timestamp": "ts"}, Now: time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)}
	got := decodeAs("csv", head+"16.81"+rest+"90000.5"+rest+"864000"+rest, opt)
	if got.err != nil || len(got.flows) != 3 || got.flows[2].Date != 10 || !got.flows[1].Relative {
		t.Errorf("times since the start of a capture: %+v", got)
	}
	// Excel's days since 1900 are not seconds, and a clock that was set is not lost.
	for _, first := range []string{"45401.5", "1713530096"} {
		if got := decodeAs("csv", head+first+rest+"90000.5"+rest, opt); len(got.bad) == 0 || got.bad[len(got.bad)-1].Reason != badDate {
			t.Errorf("after %s: %+v", first, got)
		}
	}
}

func TestRowForms(t *testing.T) {
	columns := func(pairs ...string) map[string]string {
		m := map[string]string{"timestamp": "ts"}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	testFormat(t, "csv", []formatCase{
		{"date and time in two columns", Options{Map: columns("date", "Date", "timestamp", "Time")},
			"Date,Time,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n2024-04-19,12:34:56.789,10.0.0.1,10.0.0.2,tcp,443,1,2\n",
			"2 2024-04-19 12:34:56.78 tcp 10.0.0.1:0 > 10.0.0.2:443 1/2\n"},
		{"end and duration", Options{Map: map[string]string{"end": "te", "duration": "td"}},
			"te,td,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n2024-04-19 12:35:00,3.22,10.0.0.1,10.0.0.2,tcp,443,1,2\n",
			"2 2024-04-19 12:34:56.78 tcp 10.0.0.1:0 > 10.0.0.2:443 1/2\n"},
		{"a constant", Options{Map: columns(), Set: map[string]string{"proto": "udp", "down_bytes": "0"}},
			"ts,src_ip,dst_ip,port,up_bytes\n1713530096.789,10.0.0.1,10.0.0.2,53,1\n",
			"2 2024-04-19 12:34:56.78 udp 10.0.0.1:0 > 10.0.0.2:53 1/0\n"},
		{"padded and quoted", Options{Map: columns()},
			"ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n\"1713530096.789\", 10.0.0.1 ,\"10.0.0.2\",\"TCP  \", 443,\"1,000\", 2\n",
			"2 2024-04-19 12:34:56.78 tcp 10.0.0.1:0 > 10.0.0.2:443 1000/2\n"},
		{"protocols", Options{Map: columns()},
			"ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n1713530096,10.0.0.1,10.0.0.2,icmp,0,1,2\n1713530096,10.0.0.1,10.0.0.2,teepee,0,1,2\n",
			"2 2024-04-19 12:34:56.00 icmp 10.0.0.1:0 > 10.0.0.2:0 1/2\n3 left out: protocol not readable: proto \"teepee\"\n"},
	})
}
