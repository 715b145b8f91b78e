package ingest

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// checkDecoded asserts what holds of every log, sound or not.
func checkDecoded(t *testing.T, log string) {
	t.Helper()
	check(t, decode(log, time.UTC))
}

// check asserts of the logs whose flows come in the order of their lines.
func check(t *testing.T, got decoded) {
	t.Helper()
	checkFlows(t, got)
	for i, f := range got.flows {
		if i > 0 && f.Line <= got.flows[i-1].Line {
			t.Errorf("line %d comes after line %d", f.Line, got.flows[i-1].Line)
		}
	}
}

// checkFlows asserts of the logs in any order.
func checkFlows(t *testing.T, got decoded) {
	t.Helper()
	for _, f := range got.flows {
		switch {
		case f.Time >= flow.Day:
			t.Errorf("line %d: time %d is not in the day", f.Line, f.Time)
		case !f.Src.IsValid() || !f.Dst.IsValid() || f.Src.Is4In6() || f.Dst.Is4In6() || f.Src.Zone()+f.Dst.Zone() != "":
			t.Errorf("line %d: addresses %s, %s", f.Line, f.Src, f.Dst)
		case f.Up < 0 || f.Down < 0:
			t.Errorf("line %d: bytes %d, %d", f.Line, f.Up, f.Down)
		case f.Proto == notIP || f.Proto == 0 || !f.Proto.HasPorts() && !isICMP(f.Proto) && f.SrcPort != 0:
			t.Errorf("line %d: protocol %s, port %d", f.Line, f.Proto, f.SrcPort)
		case f.UpPackets < 0 || f.DownPackets < 0 || f.State >= flow.NumStates:
			t.Errorf("line %d: %d and %d packets, state %d", f.Line, f.UpPackets, f.DownPackets, f.State)
		}
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

// fuzzBinary seeds a fuzz target with files that are not text.
func fuzzBinary(f *testing.F, format string, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) { checkFlows(t, decodeAs(format, string(log), Options{})) })
}

func FuzzNfcapd(f *testing.F) {
	fuzzBinary(f, "nfdump", string(nfcapd1(0, bytes.Join([][]byte{nfMap, nfOld4, nfOld6}, nil))), string(nfcapd2(nfPlain, nfNew)), string(nfcapd1(1, []byte("not lzo at all"))))
}

func FuzzNetFlow(f *testing.F) {
	fuzzBinary(f, "netflow", sent(f, messageV9(set(0, templateOf(256, flow9...)), set(256, data9(90_000, 95_500, a10, b198, 50000, 443, 6, 0, 10, 1000)))),
		sent(f, messageV5(0, recordV5(90_000, 95_500, a10, b198, 10, 1000, 50000, 443, 0, 6))),
		messageIPFIX(set(2, templateOf(300, ieFirstSeconds, 4, ieSrc4, 4, ieDst4, 4, ieProtocol, 1, ieBytes, 2)), set(300, be(nil, sentAt, a10, b198, uint8(50), uint16(99)))))
}

func FuzzCapture(f *testing.F) {
	fuzzBinary(f, "pcap", string(capture(f, false, somePackets)), string(capture(f, true, somePackets[:4])))
}

// FuzzHello looks for names in the beginning of connections.
func FuzzHello(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a.example:80\r\n\r\n"))
	f.Add(clientHello("a.example"))
	f.Fuzz(func(t *testing.T, said []byte) {
		for n := range len(said) + 1 {
			name, enough := helloName(said[:n])
			if again := hostName([]byte(name)); again != name || name != "" && !enough {
				t.Errorf("%q", name)
			}
		}
		dnsName(said)
	})
}

func FuzzNfdumpPipe(f *testing.F) {
	fuzzFormat(f, "nfdump", Options{}, "2|1515771450942|1515771451942|6|0|0|0|2468368503|52324|0|0|0|2468368958|902|2852|2852|0|0|2|0|1|60\n",
		"2|1515771450|942|1515771451|42|6|0|0|0|2468368503|52324|0|0|0|2468368958|902|2852|2852|0|0|2|0|1|60\n")
}

// FuzzOtherFormats reads a text as a format that has no target of its own, if it is the
// name of one.
func FuzzOtherFormats(f *testing.F) {
	seeds := map[string]string{
		"azure": azureLog, "gcp": gcpLog, "ocsf": ocsfLog, "fortinet": fortinetLog, "paloalto": paloAltoLog, "silk": silkLog, "cicflowmeter": cicLog, "ugr16": ugrLog, "nfdump": nfdumpJSON,
	}
	for format, seed := range seeds {
		f.Add(format, seed)
	}
	f.Add("azure", azureVNet)
	f.Add("azure", analyticsCSV)
	f.Add("azure", analyticsJSON)
	f.Add("oci", ociLog)
	f.Add("fortinet", "proto=10\n0")
	for _, d := range slices.Concat(firewallDialects, collectorDialects) {
		seeds[d.format] = d.log
		f.Add(d.format, d.log)
	}
	f.Fuzz(func(t *testing.T, format, log string) {
		if _, ok := seeds[format]; ok {
			checkFlows(t, decodeAs(format, log, Options{}))
		}
	})
}

// FuzzDetect finds the format of any file, or an error.
func FuzzDetect(f *testing.F) {
	for _, seed := range []string{gcpLog, silkLog, ugrLog, string(capture(f, false, somePackets)), string(nfcapd2(nfPlain, nfNew))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		path := write(t, t.TempDir(), "some", log)
		if format, err := Detect([]string{path}, Options{}); err == nil && formatOf(format.Name).Name == "" || err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%q, %v", format.Name, err)
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
