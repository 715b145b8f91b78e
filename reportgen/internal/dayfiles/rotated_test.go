package dayfiles

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/flow"
)

// exported is a row of a log of one direction, and when the exporter wrote it.
type exported struct {
	start, end int64 // seconds since the log began
	text       string
}

const began = 1713484800 + 20*3600 // four hours before midnight

// vpcRow and nfdumpRow write what went one way.
func vpcRow(start, end int64, src, dst string, sport, dport, bytes int) string {
	return fmt.Sprintf("2 1 eni-1 %s %s %d %d 6 9 %d %d %d ACCEPT OK\n", src, dst, sport, dport, bytes, began+start, began+end)
}

func nfdumpRow(start, end int64, src, dst string, sport, dport, bytes int) string {
	hour, date := 20+start/3600, "2024-04-19"
	if hour >= 24 {
		hour, date = hour-24, "2024-04-20"
	}
	return fmt.Sprintf("%s %02d:%02d:%02d.000 %9d.000 TCP %18s:%-5d -> %15s:%-5d .A.... 0 9 %d 1\n",
		date, hour, start/60%60, start%60, end-start, src, sport, dst, dport, bytes)
}

// exporterLog is six hours of a network: short connections, some that use the ports of an earlier one again, pauses, a
// few long connections that the exporter cuts every some minutes, and one that lasts all the time. The rows are in order of their
// end, as they are written.
func exporterLog(every int64, row func(start, end int64, src, dst string, sport, dport, bytes int) string) (rows []exported) {
	random := rand.New(rand.NewPCG(4, uint64(every)))
	const length = 6 * 3600
	piece := func(start, end int64, client string, port, bytes int) {
		if end > length {
			return
		}
		rows = append(rows, exported{start, end, row(start, end, client, "192.0.2.7", port, 443, bytes)})
		if random.IntN(9) > 0 { // a direction without a packet
			rows = append(rows, exported{start, end, row(start, end, "192.0.2.7", client, 443, port, 3*bytes)})
		}
	}
	for n := range 600 {
		client := fmt.Sprintf("10.0.0.%d", 1+n%40)
		port := 40000 + n%150
		start := random.Int64N(length)
		lasts := random.Int64N(40)
		if n%20 == 0 {
			lasts = 600 + random.Int64N(4*3600)
		}
		if n == 0 {
			start, lasts = 5, length-10
		}
		for from := start; from <= start+lasts; from += every {
			piece(from, min(from+every-1, start+lasts), client, port, 100+random.IntN(1000))
			if random.IntN(30) == 0 {
				from += 40 // a pause
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b exported) int { return cmp.Compare(a.end, b.end) })
	return rows
}

// exporters write logs of one direction.
var exporters = []struct {
	format, head string
	every        int64 // seconds after which a connection is cut
	row          func(start, end int64, src, dst string, sport, dport, bytes int) string
}{
	{"vpc", "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n", 60, vpcRow},
	{"nfdump", "Date first seen          Duration Proto      Src IP Addr:Port          Dst IP Addr:Port   Flags Tos  Packets    Bytes Flows\n", 1800, nfdumpRow},
}

// texts joins the rows from one to another.
func texts(head string, rows []exported, from, to int) string {
	var b strings.Builder
	b.WriteString(head)
	for _, r := range rows[from:to] {
		b.WriteString(r.text)
	}
	return b.String()
}

// wholeLog imports a log at once and returns its flows.
func (i Import) wholeLog(t *testing.T, text string) []flow.Record {
	t.Helper()
	replace(t, "whole.txt", text)
	if err := i.Write(t.Context(), []string{"whole.txt"}, "whole.parquet"); err != nil {
		t.Fatal(err)
	}
	return records(t, "whole*.parquet")
}

func diff(want, got []flow.Record) string {
	return gocmp.Diff(want, got, gocmp.Comparer(func(a, b flow.Record) bool { return a == b }))
}

// TestRotated imports the logs of six hours one after the other, with midnight among them, and twice each. The folder has the connections
// of an import of all rows at once, in whatever pieces the log is cut.
func TestRotated(t *testing.T) {
	for _, tt := range exporters {
		for _, seconds := range []int64{900, 3600, 3 * 3600} {
			t.Run(fmt.Sprintf("%s/%d", tt.format, seconds), func(t *testing.T) {
				t.Chdir(t.TempDir())
				i, said := importing(t, tt.format)
				rows := exporterLog(tt.every, tt.row)
				want := i.wholeLog(t, texts(tt.head, rows, 0, len(rows)))
				from, imports := 0, 0
				for to := range len(rows) + 1 {
					if to < len(rows) && rows[to].end/seconds == rows[from].end/seconds {
						continue
					}
					log := fmt.Sprintf("%03d.txt", imports)
					replace(t, log, texts(tt.head, rows, from, to))
					for range 1 + imports%2 {
						if err := i.addTo(t, "days", log); err != nil {
							t.Fatalf("%v\n%s", err, said)
						}
					}
					from, imports = to, imports+1
				}
				if diff := diff(want, records(t, "days/date=*/*.parquet")); diff != "" {
					t.Errorf("%d imports:\n%s\n%s", imports, diff, said)
				}
			})
		}
	}
}

// TestOverlapping imports logs that have rows of the log before, more than an hour of them or less.
func TestOverlapping(t *testing.T) {
	for _, tt := range exporters {
		for _, rowsEach := range []int{300, 900} {
			t.Run(fmt.Sprintf("%s/%d", tt.format, rowsEach), func(t *testing.T) {
				t.Chdir(t.TempDir())
				i, said := importing(t, tt.format)
				rows := exporterLog(tt.every, tt.row)
				want := i.wholeLog(t, texts(tt.head, rows, 0, len(rows)))
				for from := 0; from < len(rows); from += rowsEach {
					replace(t, "some.txt", texts(tt.head, rows, max(from-rowsEach*2/3, 0), min(from+rowsEach, len(rows))))
					if err := i.addTo(t, "days", "some.txt"); err != nil {
						t.Fatalf("%v\n%s", err, said)
					}
				}
				if diff := diff(want, records(t, "days/date=*/*.parquet")); diff != "" {
					t.Errorf("%s\n%s", diff, said)
				}
				if !strings.Contains(said.String(), "that another log has as well") {
					t.Errorf("said\n%s", said)
				}
			})
		}
	}
}

// TestBackwards imports the logs of two connections from the last hour to the first. The pieces of one that goes on until an hour
// before the latest row are joined. Those of one that ended before it are in files already, and the import says so.
func TestBackwards(t *testing.T) {
	for _, tt := range exporters {
		t.Run(tt.format, func(t *testing.T) {
			t.Chdir(t.TempDir())
			i, said := importing(t, tt.format)
			for hour := int64(4); hour >= 0; hour-- {
				log := tt.head
				for start := hour * 3600; start < (hour+1)*3600; start += tt.every {
					log += tt.row(start, start+tt.every-1, "10.0.0.5", "192.0.2.7", 40000, 443, 100)
					if hour < 3 {
						log += tt.row(start, start+tt.every-1, "10.0.0.6", "192.0.2.7", 40000, 443, 100)
					}
				}
				replace(t, "hour.txt", log)
				if err := i.addTo(t, "days", "hour.txt"); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
			}
			var got []string
			for _, f := range records(t, "days/date=*/*.parquet") {
				got = append(got, fmt.Sprintf("%s from %s: %d", f.Src, f.Time, f.Up*tt.every/100))
			}
			slices.Sort(got)
			want := []string{"10.0.0.5 from 20:00:00.00: 18000", "10.0.0.6 from 20:00:00.00: 3600", "10.0.0.6 from 21:00:00.00: 3600", "10.0.0.6 from 22:00:00.00: 3600"}
			if !slices.Equal(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
			if n := strings.Count(said.String(), "left 1 connection apart from what earlier imports have of them; to join them, import all logs into a new folder at once"); n != 2 {
				t.Errorf("said %d times that a connection is left apart:\n%s", n, said)
			}
		})
	}
}

// TestOverlappingFlows imports logs of whole connections that have rows of each other, in any order.
func TestOverlappingFlows(t *testing.T) {
	for _, tt := range growing {
		t.Run(tt.format, func(t *testing.T) {
			t.Chdir(t.TempDir())
			i, said := importing(t, tt.format)
			replace(t, tt.name, grown(tt.head, tt.row, 10, 50)+tt.end)
			if err := i.Write(t.Context(), []string{tt.name}, "whole.parquet"); err != nil {
				t.Fatal(err)
			}
			for _, part := range [][2]int{{30, 42}, {10, 20}, {15, 35}, {25, 50}, {12, 48}} {
				replace(t, tt.name, grown(tt.head, tt.row, part[0], part[1]))
				if err := i.addTo(t, "days", tt.name); err != nil {
					t.Fatalf("%v\n%s", err, said)
				}
			}
			if diff := diff(records(t, "whole.parquet"), records(t, "days/date=*/*.parquet")); diff != "" {
				t.Errorf("%s\n%s", diff, said)
			}
			if !strings.HasSuffix(said.String(), "no new flows in the input; nothing to add\n") && tt.format != "vpc" {
				t.Errorf("said\n%s", said)
			}
		})
	}
}

// TestRepeatedRows keeps rows that a log has twice, though the second comes when it has grown, and takes those once that the
// next log has as well.
func TestRepeatedRows(t *testing.T) {
	t.Chdir(t.TempDir())
	i, said := importing(t, "csv")
	const head, row = "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n", "1713530096,10.0.0.1,192.0.2.1,udp,53,60,120\n"
	for n, log := range []string{head + row, head + row + row, head + row + row + row} {
		replace(t, "flows.csv", log)
		if err := i.addTo(t, "days", "flows.csv"); err != nil {
			t.Fatal(err)
		}
		if got := records(t, "days/date=*/*.parquet"); len(got) != n+1 {
			t.Errorf("%d rows: %d flows\n%s", n+1, len(got), said)
		}
	}
	replace(t, "more.csv", head+strings.ReplaceAll(row, "096", "095")+row+row+row+row)
	if err := i.addTo(t, "days", "more.csv"); err != nil {
		t.Fatal(err)
	}
	if got := records(t, "days/date=*/*.parquet"); len(got) != 5 {
		t.Errorf("%d flows\n%s", len(got), said)
	}
}

// fortinetRow reports on a session of a firewall so far, or at its end. When it began follows from the whole seconds that it
// lasts, and is off by up to one.
func fortinetRow(start, at int64, port int, ended bool) exported {
	kind := "0000000020"
	if ended {
		kind = "0000000013"
	}
	return exported{start, at, fmt.Sprintf("devid=FG1 logid=%s type=traffic eventtime=%d tz=+0000 srcip=10.0.0.5 srcport=%d dstip=192.0.2.7 dstport=443 proto=6 action=accept duration=%d sentbyte=%d rcvdbyte=%d\n",
		kind, (began+at)*1e9+at%10*1e8, port, at-start, 10*(at-start), 30*(at-start))}
}

// TestReports imports the reports of a firewall on sessions that go on, an hour at a time: of each session, also of those that do not end in
// the log, the folder has the totals of the last report.
func TestReports(t *testing.T) {
	var rows []exported
	session := func(start, end, until int64, port int) {
		for at := start + 121; at < min(end, until); at += 121 {
			rows = append(rows, fortinetRow(start, at, port, false))
		}
		if end < until {
			rows = append(rows, fortinetRow(start, end, port, true))
		}
	}
	const length = 6 * 3600
	session(20, 1<<40, length, 50000)      // does not end
	session(4000, 11000, length, 50001)    // ends
	session(11600, 11650, length, 50001)   // is short, and has the port of the one before
	session(length-50, 1<<40, length, 502) // is not reported yet
	slices.SortStableFunc(rows, func(a, b exported) int { return cmp.Compare(a.end, b.end) })
	t.Chdir(t.TempDir())
	i, said := importing(t, "fortinet")
	want := i.wholeLog(t, texts("", rows, 0, len(rows)))
	if len(want) != 3 || want[0].Up != 10*(want[0].Duration.Hundredths()/100) || want[0].Duration.Hundredths() < (length-200)*100 {
		t.Errorf("%d flows: %+v\n%s", len(want), want, said)
	}
	from := 0
	for to := range len(rows) + 1 {
		if to < len(rows) && rows[to].end/3600 == rows[from].end/3600 {
			continue
		}
		log := fmt.Sprintf("%d.log", to)
		replace(t, log, texts("", rows, from, to))
		if err := i.addTo(t, "days", log); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		from = to
	}
	if diff := diff(want, records(t, "days/date=*/*.parquet")); diff != "" {
		t.Errorf("%s\n%s", diff, said)
	}
}
