package ingest

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const tsvHeader = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2024-04-19-00-00-01\n" +
	"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents\n" +
	"#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]\n"

// benchRow appends the n-th of a day's rows, in which 200 hosts contact 5,000
// addresses, as Zeek writes it in either form.
func benchRow(b []byte, n int, asJSON bool) []byte {
	ts := 1713484800 + float64(n)*0.08
	src := fmt.Sprintf("192.168.100.%d", n%200+1)
	dst := netip.AddrFrom4([4]byte{142, 250, byte(n * 7 % 5000 / 256), byte(n * 7 % 5000)})
	up, down := n%5000, n%70000
	if asJSON {
		return fmt.Appendf(b, `{"ts":%.6f,"uid":"C%017d","id.orig_h":"%s","id.orig_p":%d,"id.resp_h":"%s","id.resp_p":443,"proto":"tcp","service":"ssl","duration":0.25,"orig_bytes":%d,"resp_bytes":%d,"conn_state":"SF","local_orig":true,"local_resp":false,"missed_bytes":0,"history":"ShADadFf","orig_pkts":12,"orig_ip_bytes":%d,"resp_pkts":20,"resp_ip_bytes":%d}`+"\n",
			ts, n, src, n%60000, dst, up, down, up+600, down+900)
	}
	return fmt.Appendf(b, "%.6f\tC%017d\t%s\t%d\t%s\t443\ttcp\tssl\t0.25\t%d\t%d\tSF\tT\tF\t0\tShADadFf\t12\t%d\t20\t%d\t(empty)\n",
		ts, n, src, n%60000, dst, up, down, up+600, down+900)
}

func benchLog(rows int, asJSON bool) []byte {
	var b []byte
	if !asJSON {
		b = append(b, tsvHeader...)
	}
	for n := range rows {
		b = benchRow(b, n, asJSON)
	}
	return b
}

func BenchmarkZeek(b *testing.B) {
	const rows = 100_000
	for _, form := range []string{"tsv", "json"} {
		b.Run(form, func(b *testing.B) {
			log := benchLog(rows, form == "json")
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			for b.Loop() {
				in, err := newLines(bytes.NewReader(log))
				if err != nil {
					b.Fatal(err)
				}
				d, err := openZeek(in, newRowReader(clock{time.UTC}), Options{})
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = d.Read()
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "flows/s")
		})
	}
}

// BenchmarkImport reads a file and sorts its flows, all but the writing of an
// import.
func BenchmarkImport(b *testing.B) {
	const rows = 1_000_000
	path := filepath.Join(b.TempDir(), "conn.log")
	if err := os.WriteFile(path, benchLog(rows, false), 0o600); err != nil {
		b.Fatal(err)
	}
	format, err := Lookup("zeek")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var s Sorter
		r, err := Open(format, []string{path}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			f, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Add(f); err != nil {
				b.Fatal(err)
			}
		}
		n := 0
		for _, err := range s.Sorted() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != rows {
			b.Fatalf("%d flows of %d", n, rows)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "flows/s")
}
