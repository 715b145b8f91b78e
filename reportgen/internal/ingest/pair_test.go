package ingest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/google/go-cmp/cmp"
)

// oneWay makes a row of one direction, times in hundredths from the start of
// 1970-01-02.
func oneWay(t testing.TB, start flow.Time, lasts uint32, src, dst string, bytes int64, who Opener) Flow {
	t.Helper()
	a, b := netip.MustParseAddrPort(src), netip.MustParseAddrPort(dst)
	f := Flow{Date: 1, OneWay: true, Opener: who}
	f.Record = flow.Record{Time: start, Src: a.Addr(), Dst: b.Addr(), Proto: flow.TCP, Port: b.Port(), Up: bytes,
		Details: flow.Details{SrcPort: a.Port(), Duration: flow.SpanOf(int64(lasts))}}
	return f
}

// paired returns the flows that rows give, in order, and what became of them.
func paired(t testing.TB, s *Sorter, rows []Flow) (string, Pairing) {
	t.Helper()
	flows, p := pairedFlows(t, s, rows)
	var b strings.Builder
	for _, f := range flows {
		fmt.Fprintf(&b, "%s %s %s > %s:%d %d/%d\n", f.Date, f.Time, f.Src, f.Dst, f.Port, f.Up, f.Down)
	}
	return b.String(), p
}

// pairedFlows joins rows by a Sorter, which it closes.
func pairedFlows(t testing.TB, s *Sorter, rows []Flow) (flows []Flow, _ Pairing) {
	t.Helper()
	for _, f := range rows {
		if err := s.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	p, err := s.Pair(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range s.Sorted() {
		if err != nil {
			t.Fatal(err)
		}
		flows = append(flows, f)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return flows, p
}

func TestPair(t *testing.T) {
	const client, server = "10.0.0.1:50000", "10.0.0.2:443"
	row := func(start flow.Time, lasts uint32, src, dst string, bytes int64) Flow {
		return oneWay(t, start, lasts, src, dst, bytes, openerUnknown)
	}
	report := func(start flow.Time, lasts uint32, up, down int64) Flow {
		f := row(start, lasts, client, server, up)
		f.OneWay, f.Part, f.Total, f.Opener, f.Down = false, true, true, openerSrc, down
		return f
	}
	for _, test := range []struct {
		name    string
		rows    []Flow
		want    string
		pairing Pairing
	}{
		{"the last report of a connection has its totals", []Flow{report(100, 12000, 40, 70), report(300, 24000, 90, 150), report(200, 30000, 100, 200), report(30100+9000, 12000, 1, 2)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:443 100/200\n1970-01-02 00:06:31.00 10.0.0.1 > 10.0.0.2:443 1/2\n", Pairing{Rows: 4, Flows: 2, Joined: 2, Reports: 2, ByLog: 2}},
		{"question and answer", []Flow{row(100, 5, client, server, 7), row(101, 5, server, client, 9)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:443 7/9\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
		{"the answer is logged to begin first", []Flow{row(101, 5, client, server, 7), row(100, 5, server, client, 9)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:443 7/9\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
		{"at the same moment", []Flow{row(100, 5, client, "10.0.0.2:3128", 7), row(100, 5, "10.0.0.2:3128", client, 9)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:3128 7/9\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
		{"at the same moment, ports of a kind", []Flow{row(100, 5, "10.0.0.1:3000", "10.0.0.2:2000", 7), row(100, 5, "10.0.0.2:2000", "10.0.0.1:3000", 9)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:2000 7/9\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
		{"at the same moment, the same ports", []Flow{row(100, 5, "10.0.0.2:123", "10.0.0.1:123", 7), row(100, 5, "10.0.0.1:123", "10.0.0.2:123", 9)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:123 9/7\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
		{"who sends first opened it, high ports", []Flow{row(100, 5, "10.0.0.1:3128", "10.0.0.2:50000", 7), row(150, 5, "10.0.0.2:50000", "10.0.0.1:3128", 9)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:50000 7/9\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByTime: 1}},
		{"flags tell", []Flow{oneWay(t, 100, 5, server, client, 7, openerSrc), row(150, 5, client, server, 9)},
			"1970-01-02 00:00:01.00 10.0.0.2 > 10.0.0.1:50000 7/9\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByLog: 1}},
		{"flags of the later row tell", []Flow{row(100, 5, "10.0.0.1:3000", "10.0.0.2:2000", 7), oneWay(t, 150, 5, "10.0.0.2:2000", "10.0.0.1:3000", 9, openerSrc)},
			"1970-01-02 00:00:01.00 10.0.0.2 > 10.0.0.1:3000 9/7\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByLog: 1}},
		{"no answer", []Flow{row(100, 5, client, server, 7)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:443 7/0\n", Pairing{Rows: 1, Flows: 1, ByPorts: 1}},
		{"only the answer", []Flow{row(100, 5, server, client, 7)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 10.0.0.2:443 0/7\n", Pairing{Rows: 1, Flows: 1, ByPorts: 1}},
		{"to a group of hosts", []Flow{row(100, 5, "10.0.0.1:53", "239.255.255.250:3702", 7), row(100, 5, "10.0.0.1:53", "255.255.255.255:3702", 7)},
			"1970-01-02 00:00:01.00 10.0.0.1 > 239.255.255.250:3702 7/0\n1970-01-02 00:00:01.00 10.0.0.1 > 255.255.255.255:3702 7/0\n", Pairing{Rows: 2, Flows: 2, ByPorts: 2}},
		{"a long one in parts", []Flow{row(0, 6000, client, server, 1), row(1, 6000, server, client, 2), row(6000, 6000, client, server, 3), row(6001, 6000, server, client, 4)},
			"1970-01-02 00:00:00.00 10.0.0.1 > 10.0.0.2:443 4/6\n", Pairing{Rows: 4, Flows: 1, Joined: 1, Pieces: 2, ByPorts: 1}},
		{"an answer a minute late", []Flow{row(0, 100, client, server, 1), row(6100, 0, server, client, 2)},
			"1970-01-02 00:00:00.00 10.0.0.1 > 10.0.0.2:443 1/2\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
		{"an answer too late is of another connection", []Flow{row(0, 100, client, server, 1), row(6101, 0, server, client, 2)},
			"1970-01-02 00:00:00.00 10.0.0.1 > 10.0.0.2:443 1/0\n1970-01-02 00:01:01.01 10.0.0.1 > 10.0.0.2:443 0/2\n", Pairing{Rows: 2, Flows: 2, ByPorts: 2}},
		{"over midnight", []Flow{row(flow.Day-1, 5, client, server, 1), func() Flow { f := row(0, 5, server, client, 2); f.Date++; return f }()},
			"1970-01-02 23:59:59.99 10.0.0.1 > 10.0.0.2:443 1/2\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
		{"to itself", []Flow{row(0, 5, client, client, 1), row(0, 5, client, client, 2)},
			"1970-01-02 00:00:00.00 10.0.0.1 > 10.0.0.1:50000 3/0\n", Pairing{Rows: 2, Flows: 1, Pieces: 1, ByTime: 1}},
		{"IPv4 and IPv6", []Flow{row(0, 5, "[2001:db8::1]:50000", server, 1), row(0, 5, server, "[2001:db8::1]:50000", 2)},
			"1970-01-02 00:00:00.00 2001:db8::1 > 10.0.0.2:443 1/2\n", Pairing{Rows: 2, Flows: 1, Joined: 1, ByPorts: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, pairing := paired(t, &Sorter{}, test.rows)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error("want(-) got(+):\n", diff)
			}
			if pairing != test.pairing {
				t.Errorf("%+v, want %+v", pairing, test.pairing)
			}
		})
	}
}

// TestPairObservers counts traffic once if the interfaces of both hosts report it,
// each in its own intervals.
func TestPairObservers(t *testing.T) {
	const client, server = "10.0.0.1:50000", "10.0.0.2:443"
	row := func(start flow.Time, src, dst string, bytes int64, observer uint8) Flow {
		f := oneWay(t, start*flow.Second, 59*100, src, dst, bytes, openerUnknown)
		f.Observer = observer
		return f
	}
	got, pairing := paired(t, &Sorter{}, []Flow{
		row(0, client, server, 1, 1), row(0, server, client, 2, 1), row(60, client, server, 3, 1), row(60, server, client, 4, 1),
		row(20, client, server, 2, 2), row(20, server, client, 3, 2), row(80, client, server, 2, 2), row(80, server, client, 3, 2),
		row(900, client, server, 5, 2), row(900, server, client, 6, 2), // the same ports again, much later
		row(900, client, "10.0.0.3:80", 7, 0), row(900, client, "10.0.0.3:80", 8, 0), // by who is not known
	})
	const want = "1970-01-02 00:00:00.00 10.0.0.1 > 10.0.0.2:443 4/6\n" +
		"1970-01-02 00:15:00.00 10.0.0.1 > 10.0.0.2:443 5/6\n" +
		"1970-01-02 00:15:00.00 10.0.0.1 > 10.0.0.3:80 15/0\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
	if want := (Pairing{Rows: 12, Flows: 3, Joined: 2, Pieces: 3, Twice: 4, ByPorts: 3}); pairing != want {
		t.Errorf("%+v, want %+v", pairing, want)
	}
}

// TestPairChosen keeps the flows of a day: one that began on the day before is
// none of it, although its answer came on it.
func TestPairChosen(t *testing.T) {
	const client, server = "10.0.0.1:50000", "10.0.0.2:443"
	late := oneWay(t, flow.Day-1, 5, client, server, 1, openerUnknown)
	answer := oneWay(t, 0, 5, server, client, 2, openerUnknown)
	answer.Date++
	rows := []Flow{late, answer}
	for date, want := range map[Date]string{1: "1970-01-02 23:59:59.99 10.0.0.1 > 10.0.0.2:443 1/2\n", 2: ""} {
		got, pairing := paired(t, &Sorter{Chosen: []Date{date}}, rows)
		if got != want || pairing.Joined != 1 || (pairing.Other == 1) != (want == "") {
			t.Errorf("%s: %q, %+v", date, got, pairing)
		}
	}
}

// TestPairProperties joins rows drawn from few ends and times: whatever their
// order, and however many are held in memory, the flows are the same, and no
// byte and no row is lost.
func TestPairProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ends := []string{"10.0.0.1:53", "10.0.0.1:50000", "10.0.0.2:53", "10.0.0.2:8080", "[2001:db8::1]:443"}
	for round := range 30 {
		var rows []Flow
		var sum int64
		for i := range r.IntN(300) {
			f := oneWay(t, flow.Time(r.IntN(20000)), uint32(r.IntN(3000)), ends[r.IntN(len(ends))], ends[r.IntN(len(ends))], r.Int64N(1000), Opener(r.IntN(3)))
			if r.IntN(2) == 0 {
				f.Proto = flow.UDP
			}
			f.Observer = uint8(i % 3 * (round % 2)) // every other round
			rows = append(rows, f)
			sum += f.Up
		}
		want, pairing := paired(t, &Sorter{}, rows)
		if pairing.Rows != int64(len(rows)) || pairing.Rows != pairing.Flows+pairing.Joined+pairing.Pieces+pairing.Twice || pairing.ByLog+pairing.ByFlags+pairing.ByPorts+pairing.ByTime != pairing.Flows {
			t.Fatalf("%d rows: %+v", len(rows), pairing)
		}
		var bytes int64
		for line := range strings.Lines(want) {
			var up, down int64
			if _, err := fmt.Sscanf(line[strings.LastIndexByte(line, ' ')+1:], "%d/%d", &up, &down); err != nil {
				t.Fatal(err)
			}
			bytes += up + down
		}
		if bytes != sum && pairing.Twice == 0 || bytes > sum {
			t.Fatalf("%d bytes in rows, %d in flows", sum, bytes)
		}
		shuffled := slices.Clone(rows)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got, _ := paired(t, &Sorter{Limit: 7, Dir: t.TempDir()}, shuffled); got != want {
			t.Fatal("another order gives other flows:\n", cmp.Diff(want, got))
		}
	}
}

// TestPairPieces joins what exporters cut, and keeps apart what is not one
// connection. Each row is: start and duration in seconds, direction (> from the
// client), TCP flags.
func TestPairPieces(t *testing.T) {
	const client, server = "10.0.0.1:50000", "10.0.0.2:443"
	for _, test := range []struct{ name, rows, want string }{
		{"pieces of five minutes", "0 299 > AP|0 299 < AP|300 299 > AP|300 299 < AP|600 60 > FA|600 60 < FA", "0 660 3/3 other"},
		{"cut with SYN", "0 299 > SAP|0 299 < SAP|300 299 > AP|300 299 < AP", "0 599 2/2 open"},
		{"whole", "0 9 > SAPF|0 9 < SAPF", "0 9 1/1 established"},
		{"the same ports again after FIN", "0 9 > SAPF|0 9 < SAPF|20 9 > SAPF|20 9 < SAPF", "0 9 1/1 established|20 9 1/1 established"},
		{"SYN again without answer is tried again", "0 0 > S|3 0 > S|9 0 > S", "0 9 3/0 unanswered"},
		{"refused", "0 0 > S|0 0 < RA", "0 0 1/1 refused"},
		{"refused twice", "0 0 > S|0 0 < RA|10 0 > S|10 0 < RA", "0 0 1/1 refused|10 0 1/1 refused"},
		{"broken off", "0 9 > SAP|0 9 < SAPR", "0 9 1/1 reset"},
		{"idle for four minutes", "0 10 > AP|0 10 < AP|250 10 > AP|250 10 < AP", "0 260 2/2 other"},
		{"idle for ten minutes", "0 10 > AP|0 10 < AP|610 10 > AP|610 10 < AP", "0 10 1/1 other|610 10 1/1 other"},
		{"idle for four minutes, flags unknown", "0 10 > .|0 10 < .|250 10 > .|250 10 < .", "0 10 1/1 |250 10 1/1 "},
	} {
		var rows []Flow
		for text := range strings.SplitSeq(test.rows, "|") {
			var start, lasts int
			var sign, flags string
			if _, err := fmt.Sscan(text, &start, &lasts, &sign, &flags); err != nil {
				t.Fatal(err)
			}
			src, dst := client, server
			if sign == "<" {
				src, dst = dst, src
			}
			f := oneWay(t, flow.Time(start)*flow.Second, uint32(lasts)*100, src, dst, 1, openerUnknown)
			f.UpPackets, f.Flags = 1, tcpFlags([]byte(flags))
			rows = append(rows, f)
		}
		var s Sorter
		for _, f := range rows {
			if err := s.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		p, err := s.Pair(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for f, err := range s.Sorted() {
			if err != nil {
				t.Fatal(err)
			}
			if f.Src.String() != "10.0.0.1" || f.SrcPort != 50000 || f.UpPackets != f.Up || f.DownPackets != f.Down {
				t.Errorf("%s: %+v", test.name, f.Record)
			}
			got = append(got, fmt.Sprintf("%d %d %d/%d %s", f.Time.Second(), f.Duration.Hundredths()/100, f.Up, f.Down, f.State))
		}
		if text := strings.Join(got, "|"); text != test.want {
			t.Errorf("%s: %s, want %s", test.name, text, test.want)
		}
		if p.Rows != int64(len(rows)) || p.Flows != int64(len(got)) {
			t.Errorf("%s: %+v", test.name, p)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestSorterUnpaired refuses to leave rows out that were not joined.
func TestSorterUnpaired(t *testing.T) {
	var s Sorter
	if err := s.Add(oneWay(t, 0, 5, "10.0.0.1:50000", "10.0.0.2:443", 1, openerUnknown)); err != nil {
		t.Fatal(err)
	}
	for f, err := range s.Sorted() {
		if err == nil {
			t.Errorf("%v is yielded", f)
			continue
		}
		return
	}
	t.Error("no error")
}

func TestSorterDays(t *testing.T) {
	var s Sorter
	a, b := oneWay(t, flow.Day-1, 5, "10.0.0.1:50000", "10.0.0.2:443", 1, openerUnknown), oneWay(t, 0, 5, "10.0.0.2:443", "10.0.0.1:50000", 1, openerUnknown)
	b.Date++
	if _, pairing := paired(t, &s, []Flow{a, b}); pairing.Joined != 1 {
		t.Errorf("%+v", pairing)
	}
	if diff := cmp.Diff([]DayCount{{1, 1}}, s.Days()); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
}
