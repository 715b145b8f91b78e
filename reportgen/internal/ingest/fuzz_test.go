package ingest

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// checkDecoded asserts what holds of every log, sound or not.
func checkDecoded(t *testing.T, log string) {
	t.Helper()
	check(t, decode(log, time.UTC))
}

func check(t *testing.T, got decoded) {
	t.Helper()
	var line int64
	for _, f := range got.flows {
		switch {
		case f.Time >= flow.Day:
			t.Errorf("line %d: time %d is not in the day", f.Line, f.Time)
		case !f.Src.IsValid() || !f.Dst.IsValid() || f.Src.Is4In6() || f.Dst.Is4In6() || f.Src.Zone()+f.Dst.Zone() != "":
			t.Errorf("line %d: addresses %s, %s", f.Line, f.Src, f.Dst)
		case f.Up < 0 || f.Down < 0:
			t.Errorf("line %d: bytes %d, %d", f.Line, f.Up, f.Down)
		case f.Proto != flow.TCP && f.Proto != flow.UDP:
			t.Errorf("line %d: protocol %s", f.Line, f.Proto)
		case f.Line <= line:
			t.Errorf("line %d comes after line %d", f.Line, line)
		}
		line = f.Line
	}
	for _, bad := range got.bad {
		if bad.Reason == "" || bad.Detail == "" || bad.Line == 0 {
			t.Errorf("row left out without a reason: %+v", bad)
		}
	}
}

func FuzzZeekTSV(f *testing.F) {
	f.Add(short[1:], "tcp\t4\t3\t80\t10.0.0.2\t10.0.0.1\t1713530096.78\tDd\n")
	f.Add(tsvHeader[1:], string(benchRow(nil, 7, false)))
	f.Add("separator \\x3a\n#fields:ts:id.orig_h:id.resp_h:id.resp_p:proto:orig_bytes:resp_bytes\n", "1:\\x3a\\x3a1:::2:3:tcp:-:-\n")
	f.Add("fields\t\n", "")
	f.Fuzz(func(t *testing.T, header, rows string) { checkDecoded(t, "#"+header+rows) })
}

func FuzzZeekJSON(f *testing.F) {
	f.Add(string(benchRow(nil, 7, true))[1:])
	f.Add(`"ts":"2024-04-19T12:34:56Z","id.orig_h":"::1","id.resp_h":"\u0031.2.3.4","id.resp_p":1,"proto":"udp","orig_bytes":null}`)
	f.Add("}\n{\n[]\nnull\n\"\"")
	f.Fuzz(func(t *testing.T, log string) { checkDecoded(t, "{"+log) })
}

// FuzzZeekRoundTrip writes a flow in both forms and reads it again.
func FuzzZeekRoundTrip(f *testing.F) {
	f.Add(uint32(1713530096), uint8(78), []byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}, true, uint16(443), uint64(1), uint64(2))
	f.Add(uint32(0), uint8(0), make([]byte, 16), []byte{15: 1}, false, uint16(0), uint64(1<<63-1), uint64(0))
	f.Fuzz(func(t *testing.T, seconds uint32, hundredths uint8, src, dst []byte, tcp bool, port uint16, up, down uint64) {
		a, okA := netip.AddrFromSlice(src)
		b, okB := netip.AddrFromSlice(dst)
		if !okA || !okB {
			t.Skip("not the bytes of an address")
		}
		want := flow.Record{
			Time: flow.Time(seconds%secondsPerDay)*flow.Second + flow.Time(hundredths%100),
			Src:  a.Unmap(), Dst: b.Unmap(), Proto: flow.UDP, Port: port, Up: int64(up >> 1), Down: int64(down >> 1),
		}
		if tcp {
			want.Proto = flow.TCP
		}
		ts := fmt.Sprintf("%d.%02d4999", seconds, hundredths%100)
		for _, log := range []string{
			fmt.Sprintf("%s%s\t%d\t%d\t%d\t%s\t%s\t%s\t-\n", short, want.Proto, want.Down, want.Up, port, b, a, ts),
			fmt.Sprintf(`{"ts":%s,"id.orig_h":%q,"id.resp_h":%q,"id.resp_p":%d,"proto":%q,"orig_bytes":%d,"resp_bytes":%d}`,
				ts, a, b, port, want.Proto, want.Up, want.Down),
		} {
			got := decode(log, time.UTC)
			if got.err != nil || len(got.flows) != 1 || got.flows[0].Record != want || got.flows[0].Date != Date(seconds/secondsPerDay) {
				t.Errorf("%q gives %+v, error %v; want %+v", log, got.flows, got.err, want)
			}
		}
	})
}

// fuzzFormat seeds a fuzz target with the logs of a format's unit tests.
func fuzzFormat(f *testing.F, format string, opt Options, seeds ...string) {
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, log string) { check(t, decodeAs(format, log, opt)) })
}

func FuzzBinetflow(f *testing.F) {
	fuzzFormat(f, "binetflow", Options{}, binetflowHead+string(benchLine("binetflow", 7)),
		"StartTime\tProto\tSrcAddr\tSport\tDir\tDstAddr\tDport\tTotBytes\tSrcBytes\n1\tudp\t::1\t1\t<-\t::2\t2\t9\t4\nStartTime\n", `"StartTime`)
}

func FuzzNfdumpText(f *testing.F) {
	fuzzFormat(f, "nfdump", Options{}, benchHead["nfdump"]+string(benchLine("nfdump", 7)),
		"Date x Dst IP Addr:Port Out Pkt In Byte\n2013-07-09 01:00:23 1e9 UDP ::1.1 <-> 1.2.3.4:5 1 G 2 T\n", "2013-07-09 1 2 UDP a:1 -> b:2 1 9e99 M 3\n")
}

func FuzzNfdumpCSV(f *testing.F) {
	fuzzFormat(f, "nfdump", Options{}, benchHead["nfdump-csv"]+string(benchLine("nfdump-csv", 7)), "Summary,\n1,2,3,4,5,6\n")
}

func FuzzEVE(f *testing.F) {
	fuzzFormat(f, "eve", Options{}, string(benchLine("eve", 7)), "{}\n{\"event_type\":\"flow\",\"flow\":null}")
}

func FuzzEVENetflow(f *testing.F) {
	fuzzFormat(f, "eve-netflow", Options{}, `{"event_type":"netflow","src_ip":"::1","src_port":1,"dest_ip":"::2","dest_port":2,"proto":"UDP","netflow":{"bytes":1,"start":"2021-06-06T15:57:37+0200","end":1}}`)
}

func FuzzVPC(f *testing.F) {
	fuzzFormat(f, "vpc", Options{}, benchHead["vpc"]+string(benchLine("vpc", 7)), string(benchLine("vpc", 8)), "2024-04-19T12:36:00.000Z "+string(benchLine("vpc", 9)))
}

func FuzzECS(f *testing.F) {
	fuzzFormat(f, "ecs", Options{}, string(benchLine("ecs", 7)), `{"_source":{"_source":{"source.ip":[["::1"]],"destination.ip":"\u0031","network.bytes":"9"}}}`)
}

func FuzzCSV(f *testing.F) {
	fuzzFormat(f, "csv", Options{Map: benchMap}, benchHead["csv"]+string(benchLine("csv", 7)), benchHead["csv"]+"\"a\"\"\",1,2\n\"x\n")
}
