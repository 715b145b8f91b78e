package ingest

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// benchMap are the columns of the benchmark's CSV.
var benchMap = map[string]string{
	flow.ColTime: "Time", flow.ColSrc: "Source", flow.ColDst: "Dest", flow.ColPort: "DPort",
	flow.ColProto: "Protocol", flow.ColUp: "Sent", flow.ColDown: "Received",
}

// benchHead are the first lines of the formats that have one.
var benchHead = map[string]string{
	"binetflow":  binetflowHead,
	"nfdump":     "Date first seen          Duration Proto      Src IP Addr:Port          Dst IP Addr:Port   Flags Tos  Packets    Bytes Flows\n",
	"nfdump-csv": "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out\n",
	"vpc":        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
	"csv":        "Time,Source,SPort,Dest,DPort,Protocol,Sent,Received\n",
}

// benchLine writes the n-th of a day's rows, of the hosts of benchRow, in a
// format.
func benchLine(form string, n int) []byte {
	at := time.Date(2024, 4, 19, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 80 * time.Millisecond)
	src, sport := fmt.Sprintf("192.168.100.%d", n%200+1), 32768+n%20000
	dst := netip.AddrFrom4([4]byte{142, 250, byte(n * 7 % 5000 / 256), byte(n * 7 % 5000)})
	up, down := n%5000, n%70000
	switch form {
	case "binetflow":
		return fmt.Appendf(nil, "%s,0.250000,tcp,%s,%d,   ->,%s,443,FSPA_FSPA,0,0,32,%d,%d,12,flow=Background\n",
			at.Format("2006/01/02 15:04:05.000000"), src, sport, dst, up+down, up)
	case "nfdump":
		return fmt.Appendf(nil, "%s     0.250 TCP  %18s:%-5d ->  %15s:443   .AP.SF   0       12   %6d     1\n",
			at.Format("2006-01-02 15:04:05.000"), src, sport, dst, up)
	case "nfdump-csv":
		return fmt.Appendf(nil, "%s,%s,0.250,%s,%s,%d,443,TCP,...AP.SF,0,0,12,%d,0,0,1,2\n",
			at.Format(time.DateTime), at.Format(time.DateTime), src, dst, sport, up)
	case "eve":
		return fmt.Appendf(nil, `{"timestamp":"%[1]s","flow_id":%[2]d,"event_type":"flow","src_ip":"%[3]s","src_port":%[4]d,"dest_ip":"%[5]s","dest_port":443,"proto":"TCP","app_proto":"tls",`+
			`"flow":{"pkts_toserver":12,"pkts_toclient":20,"bytes_toserver":%[6]d,"bytes_toclient":%[7]d,"start":"%[1]s","end":"%[1]s","age":0,"state":"closed","reason":"timeout","alerted":false}}`+"\n",
			at.Format("2006-01-02T15:04:05.000000-0700"), n, src, sport, dst, up, down)
	case "vpc":
		return fmt.Appendf(nil, "2 123456789010 eni-1235b8ca123456789 %s %s %d 443 6 12 %d %d %d ACCEPT OK\n", src, dst, sport, up, at.Unix(), at.Unix()+60)
	case "ecs":
		return fmt.Appendf(nil, `{"@timestamp":"%[1]s","type":"flow","event":{"start":"%[1]s","kind":"event"},"source":{"ip":"%[2]s","port":%[3]d,"bytes":%[4]d},`+
			`"destination":{"ip":"%[5]s","port":443,"bytes":%[6]d},"network":{"transport":"tcp","bytes":%[7]d},"flow":{"final":true}}`+"\n",
			at.Format("2006-01-02T15:04:05.000Z"), src, sport, up, dst, down, up+down)
	}
	return fmt.Appendf(nil, "%d,%s,%d,%s,443,tcp,%d,%d\n", at.UnixMilli(), src, sport, dst, up, down)
}

// benchBinary is a file of so many rows: records of nfcapd or of NetFlow v9, 20 in a
// message, or captured packets of as many connections.
func benchBinary(b *testing.B, form string, rows int) []byte {
	var packets []aPacket
	var blocks [][]byte
	for n := 0; n < rows; n += 20 {
		var records []byte
		for i := n; i < n+20; i++ {
			a, z := [4]byte{192, 168, 100, byte(i%200 + 1)}, [4]byte{142, 250, byte(i * 7 % 5000 / 256), byte(i * 7)}
			switch form {
			case "nfcapd":
				records = append(records, nfNew...)
			case "netflow":
				records = append(records, data9(uptime-1000, uptime, a, z, uint16(32768+i%20000), 443, 6, 0, 12, uint32(i%5000))...)
			default:
				packets = append(packets, aPacket{float64(i) / 50, fmt.Sprintf("%s:%d", netip.AddrFrom4(a), 32768+i%20000), netip.AddrFrom4(z).String() + ":443", "S", 0, ""})
			}
		}
		switch form {
		case "nfcapd":
			blocks = append(blocks, records)
		case "netflow":
			packets = append(packets, aPacket{float64(n) / 50, "192.0.2.254:40000", "192.0.2.253:2055", "", 0, messageV9(set(0, templateOf(256, flow9...)), set(256, records))})
		}
	}
	if form == "nfcapd" {
		return nfcapd2(nfPlain, blocks...)
	}
	return capture(b, false, packets)
}

func BenchmarkFormats(b *testing.B) {
	const rows = 100_000
	for _, form := range []string{"binetflow", "nfdump", "nfdump-csv", "eve", "vpc", "ecs", "csv", "nfcapd", "netflow", "pcap"} {
		b.Run(form, func(b *testing.B) {
			log := []byte(benchHead[form])
			switch form {
			case "nfcapd", "netflow", "pcap":
				log = benchBinary(b, form, rows)
			default:
				for n := range rows {
					log = append(log, benchLine(form, n)...)
				}
			}
			name, opt := form, Options{}
			switch form {
			case "nfcapd":
				name = "nfdump"
			case "nfdump-csv":
				name = "nfdump"
			case "csv":
				opt.Map = benchMap
			}
			format, err := Lookup(name)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := opt.row(format)
				if err != nil {
					b.Fatal(err)
				}
				in, err := newLines(bytes.NewReader(log))
				if err != nil {
					b.Fatal(err)
				}
				d, err := format.open(in, r, opt)
				n := 0
				for ; err == nil; n++ {
					_, err = d.Read()
				}
				if err != io.EOF || n != rows+1 {
					b.Fatalf("%d rows, %v", n, err)
				}
			}
			b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "flows/s")
		})
	}
}

// BenchmarkPair joins rows that each have an answer.
func BenchmarkPair(b *testing.B) {
	const rows = 1_000_000
	b.ReportAllocs()
	for b.Loop() {
		var s Sorter
		for n := range rows / 2 {
			at := flow.Time(n) * 17
			client, server := fmt.Sprintf("192.168.100.%d:%d", n%200+1, 32768+n%20000), fmt.Sprintf("142.250.%d.%d:443", n*7%5000/256, n*7%256)
			for _, f := range []Flow{oneWay(b, at, 25, client, server, 100, openerUnknown), oneWay(b, at+1, 20, server, client, 900, openerUnknown)} {
				if err := s.Add(f); err != nil {
					b.Fatal(err)
				}
			}
		}
		p, err := s.Pair(b.Context())
		if err != nil || p.Joined != rows/2 {
			b.Fatal(p, err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
