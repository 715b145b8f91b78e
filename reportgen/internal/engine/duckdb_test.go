package engine_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// randomFlows returns flows of a few hosts, in order of time, with optional columns
// that are often unknown.
func randomFlows(n int) []flow.Record {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...int) int { return s[r.IntN(len(s))] }
	flows := make([]flow.Record, n)
	for i := range flows {
		f := flow.Record{
			Time: flow.Time(r.IntN(int(flow.Day))), Proto: flow.TCP, Port: uint16(pick(22, 53, 443, 443, 443, 8080, r.IntN(1<<16))),
			Src: netip.AddrFrom4([4]byte{192, 168, byte(r.IntN(2)), byte(r.IntN(20))}), Dst: netip.AddrFrom4([4]byte{byte(pick(10, 203, 198)), 0, byte(r.IntN(3)), byte(r.IntN(256))}),
			Up: int64(math.Exp(20 * r.Float64())), Down: int64(r.IntN(5000)),
		}
		if r.IntN(3) == 0 {
			f.Proto = flow.UDP
		}
		if r.IntN(9) == 0 {
			f.Dst = netip.MustParseAddr("2001:db8::").Next()
		}
		if r.IntN(4) > 0 {
			f.Duration, f.SrcPort = flow.SpanOf(int64(r.IntN(100000))), uint16(1+r.IntN(65535))
			f.UpPackets, f.DownPackets, f.State = int64(1+r.IntN(50)), int64(r.IntN(50)), flow.State(r.IntN(int(flow.NumStates)))
		}
		if r.IntN(2) == 0 {
			f.Name = fmt.Sprintf("host%d.example.com", r.IntN(300))
		}
		flows[i] = f
	}
	slices.SortFunc(flows, flow.Compare)
	return flows
}

// writeFlows writes a flow file with the optional columns.
func writeFlows(t *testing.T, path string, flows []flow.Record) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := flowfile.NewDetailedWriter(f)
	for _, r := range flows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func aggregates(of query.Func, columns ...string) (all []query.Aggregate) {
	for _, c := range columns {
		all = append(all, query.Aggregate{Func: of, Column: c, Quantile: 0.9})
	}
	return all
}

// comparisons are queries and the SQL that means the same.
var comparisons = []struct {
	q   query.Query
	sql string
}{
	{query.Query{Aggregates: aggregates(query.Count, "")}, "SELECT count(*) FROM f"},
	{query.Query{By: []string{"port"}}, "SELECT port, count(*) FROM f GROUP BY 1"},
	{query.Query{By: []string{"src_ip", "proto", "port"}, Aggregates: aggregates(query.Sum, "up_bytes", "down_bytes", "duration", "up_packets")},
		"SELECT src_ip, proto, port, sum(up_bytes), sum(down_bytes), sum(duration), sum(up_packets) FROM f GROUP BY 1, 2, 3"},
	{query.Query{By: []string{"up_bytes"}}, "SELECT up_bytes, count(*) FROM f GROUP BY 1"},
	{query.Query{By: []string{"state", "name"}, Aggregates: aggregates(query.Mean, "duration", "up_bytes")}, "SELECT coalesce(state, ''), coalesce(name, ''), avg(duration), avg(up_bytes) FROM f GROUP BY 1, 2"},
	{query.Query{By: []string{"src_port"}, Where: "src_port < 3000 or src_port is unknown"}, "SELECT src_port, count(*) FROM f WHERE src_port < 3000 OR src_port IS NULL GROUP BY 1"},
	{query.Query{By: []string{"proto"}, Aggregates: slices.Concat(aggregates(query.Min, "up_bytes", "duration"), aggregates(query.Max, "up_bytes", "duration"))},
		"SELECT proto, min(up_bytes), min(duration), max(up_bytes), max(duration) FROM f GROUP BY 1"},
	{query.Query{By: []string{"src_ip"}, Aggregates: slices.Concat(aggregates(query.Quantile, "up_bytes", "duration"), aggregates(query.Distinct, "dst_ip", "name", "up_bytes", "state", "duration"))},
		"SELECT src_ip, quantile_cont(up_bytes, 0.9), quantile_cont(duration, 0.9), count(DISTINCT dst_ip), count(DISTINCT name), count(DISTINCT up_bytes), count(DISTINCT state), count(DISTINCT duration) FROM f GROUP BY 1"},
	{query.Query{Every: 5 * time.Minute, By: []string{"src_ip"}, Aggregates: aggregates(query.Sum, "up_bytes")}, "SELECT timestamp // 30000 * 30000, src_ip, sum(up_bytes) FROM f GROUP BY 1, 2"},
	{query.Query{By: []string{"hour"}, Where: "hour between 8 and 9"}, "SELECT timestamp // 360000, count(*) FROM f WHERE timestamp BETWEEN 2880000 AND 3599999 GROUP BY 1"},
	{query.Query{By: []string{"dst_ip"}, Where: "port = 443 and up_bytes > 1MB and not dst_ip in (10.0.0.0/8, 2001:db8::/32)"},
		"SELECT dst_ip, count(*) FROM f WHERE port = 443 AND up_bytes > 1000000 AND NOT (dst_ip LIKE '10.%' OR dst_ip LIKE '2001:%') GROUP BY 1"},
	{query.Query{By: []string{"proto"}, Where: "timestamp between 02:00 and 02:10 and (src_ip = 192.168.0.3 or src_ip = 192.168.1.4)"},
		"SELECT proto, count(*) FROM f WHERE timestamp BETWEEN 720000 AND 780000 AND src_ip IN ('192.168.0.3', '192.168.1.4') GROUP BY 1"},
	{query.Query{By: []string{"proto"}, Where: "not (duration > 5m or state = refused)"}, "SELECT proto, count(*) FROM f WHERE NOT (duration > 30000 OR state = 'refused') GROUP BY 1"},
	{query.Query{By: []string{"proto"}, Where: "not (duration > 5m and state != refused)"}, "SELECT proto, count(*) FROM f WHERE NOT (duration > 30000 AND state != 'refused') GROUP BY 1"},
	{query.Query{By: []string{"name"}, Where: "name like 'host_1%' and proto = udp"}, "SELECT name, count(*) FROM f WHERE name LIKE 'host_1%' AND proto = 'udp' GROUP BY 1"},
	{query.Query{By: []string{"state"}, Where: "state not in (refused, open) or name is unknown"}, "SELECT coalesce(state, ''), count(*) FROM f WHERE state NOT IN ('refused', 'open') OR name IS NULL GROUP BY 1"},
	{query.Query{Aggregates: aggregates(query.Sum, "bytes", "packets"), Where: "up_bytes > 2 * down_bytes and up_packets + down_packets > 10"},
		"SELECT sum(up_bytes + down_bytes), sum(up_packets + down_packets) FROM f WHERE up_bytes > 2 * down_bytes AND up_packets + down_packets > 10"},
	{query.Query{By: []string{"proto"}, Where: "up_bytes > down_bytes and not up_packets = down_packets"}, "SELECT proto, count(*) FROM f WHERE up_bytes > down_bytes AND NOT up_packets = down_packets GROUP BY 1"},
	{query.Query{By: []string{"hour", "dst_ip"}, Where: "src_ip = 192.168.0.3", Aggregates: slices.Concat(aggregates(query.Sum, "bytes", "duration"), aggregates(query.Distinct, "name"))},
		"SELECT timestamp // 360000, dst_ip, sum(up_bytes + down_bytes), sum(duration), count(DISTINCT name) FROM f WHERE src_ip = '192.168.0.3' GROUP BY 1, 2"},
	{query.Query{Aggregates: slices.Concat(aggregates(query.Count, ""), aggregates(query.Sum, "up_bytes")), Where: "port = 1 and port = 2"}, "SELECT count(*), sum(up_bytes) FROM f WHERE port = 1 AND port = 2"},
	{query.Query{Where: "port = 22 and up_bytes > 1MB", Columns: []string{"timestamp", "src_ip", "name", "duration"}}, "SELECT timestamp, src_ip, coalesce(name, ''), duration FROM f WHERE port = 22 AND up_bytes > 1000000"},
	{query.Query{By: []string{"port"}, Aggregates: slices.Concat(aggregates(query.First, "timestamp", "up_bytes"), aggregates(query.Last, "timestamp")), Where: "port > 100 and up_bytes > 100"},
		"SELECT port, min(timestamp), arg_min(up_bytes, (timestamp, rowid)), max(timestamp) FROM f WHERE port > 100 AND up_bytes > 100 GROUP BY 1"},
	{query.Query{By: []string{"src_ip"}, Aggregates: aggregates(query.Last, "name", "dst_ip")},
		"SELECT src_ip, arg_max(name, (timestamp, rowid)) FILTER (WHERE name IS NOT NULL), arg_max(dst_ip, (timestamp, rowid)) FROM f GROUP BY 1"},
	{query.Query{By: []string{"src_ip"}, Aggregates: aggregates(query.Sum, "up_bytes"), Order: []query.Order{{Column: "up_bytes", Descending: true}}, Limit: 3},
		"SELECT src_ip, sum(up_bytes) FROM f GROUP BY 1 ORDER BY 2 DESC LIMIT 3"},
	{query.Query{Where: "proto = udp", Columns: []string{"up_bytes", "port"}, Order: []query.Order{{Column: "up_bytes", Descending: true}}, Limit: 7},
		"SELECT up_bytes, port FROM f WHERE proto = 'udp' ORDER BY up_bytes DESC LIMIT 7"},
}

// TestDuckDB: the answers are those of DuckDB, whatever wrote the file and however
// many workers read it.
func TestDuckDB(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.parquet")
	writeFlows(t, own, randomFlows(40_000))
	var sql strings.Builder
	for _, c := range comparisons {
		fmt.Fprintln(&sql, c.sql)
	}
	out := testenv.RunPython(t, []string{"duckdb", "pyarrow"}, sql.String(), filepath.Join("testdata", "answers.py"), own, dir)
	answers := strings.Split(strings.TrimSpace(out), "\n")
	if len(answers) != len(comparisons) {
		t.Fatalf("DuckDB answers %d of %d queries", len(answers), len(comparisons))
	}
	for file, workers := range map[string]int{"own.parquet": 1, "groups.parquet": 3, "pages.parquet": 3, "index.parquet": 3, "one.parquet": 3} {
		t.Run(file, func(t *testing.T) {
			for i, c := range comparisons {
				var want [][]any
				if err := json.Unmarshal([]byte(answers[i]), &want); err != nil {
					t.Fatal(err)
				}
				r, err := engine.Run(t.Context(), []engine.Source{{Path: filepath.Join(dir, file)}}, c.q, engine.Options{Workers: workers})
				if err != nil {
					t.Errorf("%s: %v", c.sql, err)
					continue
				}
				if diff := different(rowsOf(r.Table), want); diff != "" {
					t.Errorf("%d workers: %s: %s", workers, c.sql, diff)
				}
			}
		})
	}
}

// rowsOf returns the rows of a table as JSON would have them.
func rowsOf(t *query.Table) [][]any {
	rows := make([][]any, t.Len())
	for i := range rows {
		for _, c := range t.Columns {
			switch {
			case c.Texts != nil:
				rows[i] = append(rows[i], c.Texts[i])
			case c.Ints != nil:
				rows[i] = append(rows[i], float64(c.Ints[i]))
			case math.IsNaN(c.Floats[i]):
				rows[i] = append(rows[i], nil)
			default:
				rows[i] = append(rows[i], c.Floats[i])
			}
		}
	}
	return rows
}

// different says how two lists of rows, in any order, differ. Floating point numbers
// may differ in their last digits.
func different(got, want [][]any) string {
	key := func(row []any) string {
		var b strings.Builder
		for _, x := range row {
			if f, ok := x.(float64); ok {
				fmt.Fprintf(&b, "%.12g|", f)
			} else {
				fmt.Fprintf(&b, "%v|", x)
			}
		}
		return b.String()
	}
	var a, b []string
	for _, r := range got {
		a = append(a, key(r))
	}
	for _, r := range want {
		b = append(b, key(r))
	}
	slices.Sort(a)
	slices.Sort(b)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%s instead of %s (%d rows, %d wanted)", a[i], b[i], len(a), len(b))
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("%d rows instead of %d", len(a), len(b))
	}
	return ""
}
