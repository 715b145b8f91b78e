package sqltext

import (
	"errors"
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

	"github.com/parquet-go/parquet-go"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
)

// askedRow is a row of a flow file with optional columns, as another program may write it.
type askedRow struct {
	Time     int64   `parquet:"timestamp"`
	Src      string  `parquet:"src_ip"`
	Dst      string  `parquet:"dst_ip"`
	Proto    string  `parquet:"proto"`
	Port     int32   `parquet:"port"`
	Up       int64   `parquet:"up_bytes"`
	Down     int64   `parquet:"down_bytes"`
	Duration *int64  `parquet:"duration,optional"`
	SrcPort  *int32  `parquet:"src_port,optional"`
	UpPkts   *int64  `parquet:"up_packets,optional"`
	DownPkts *int64  `parquet:"down_packets,optional"`
	State    *string `parquet:"state,optional"`
	Name     *string `parquet:"name,optional"`
}

// askedFiles have addresses and protocols in several forms, unknown values, and rows that
// are not flows.
func askedFiles(t *testing.T) (dir string, sources []engine.Source) {
	r := rand.New(rand.NewPCG(14, 5))
	some := func(s ...string) string { return s[r.IntN(len(s))] }
	dir = t.TempDir()
	for part := range 2 {
		var rows []askedRow
		for range 900 {
			row := askedRow{
				Time: r.Int64N(int64(flow.Day)), Proto: some("tcp", "TCP", "6", "udp", "udp", "icmp", "proto-99", "132"), Port: int32(r.IntN(70000)) - 100,
				Src: fmt.Sprintf("10.0.%d.%d", r.IntN(2), r.IntN(9)), Dst: fmt.Sprintf("%s.0.2.%d", some("10", "192", "198"), r.IntN(40)),
				Up: int64(math.Exp(20 * r.Float64())), Down: r.Int64N(5000) - 10,
			}
			if r.IntN(2) == 0 {
				row.Port = int32(r.IntN(450))
			}
			switch r.IntN(12) {
			case 0:
				row.Src = some("::ffff:10.0.0.3", "::FFFF:a00:3", "10.0.0.300", "fe80::1%eth0")
			case 1:
				row.Dst = some("2001:DB8::1", "2001:db8:0:0:0::1", "2001:0db8::0001", "2001:db8::", "::1.2.3.4", "::102:304", "1:2:3:4:5:6:7::", "::", "x")
			case 2:
				row.Up = math.MaxInt64 - r.Int64N(2)
			}
			if r.IntN(3) > 0 {
				row.Duration, row.SrcPort = new(r.Int64N(900)), new(int32(1+r.IntN(65535)))
				row.UpPkts = new(r.Int64N(50))
			}
			if r.IntN(3) > 0 {
				row.DownPkts = new(r.Int64N(50))
			}
			if r.IntN(3) > 0 {
				row.State, row.Name = new(some("established", "refused", "reset", "open")), new(some("a.example", "B.example", "it's", `back\slash`, "100%", "ü.example", "a_b", ""))
			}
			rows = append(rows, row)
		}
		path := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", part))
		if err := parquet.WriteFile(path, rows); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, engine.Source{Path: path, Date: "2024-04-20"})
	}
	return dir, sources
}

func computed(f query.Func, columns ...string) (all []query.Aggregate) {
	for _, c := range columns {
		all = append(all, query.Aggregate{Func: f, Column: c, Quantile: 0.9})
	}
	return all
}

// asked are queries of every kind of column, condition and aggregate.
var asked = []query.Query{
	{Aggregates: computed(query.Count, "")},
	{By: []string{"src_ip"}, Aggregates: computed(query.Sum, "up_bytes", "down_bytes", "duration", "bytes", "packets")},
	{By: []string{"proto", "port"}, Where: "port < 300"},
	{By: []string{"service"}, Aggregates: computed(query.Sum, "up_packets")},
	{By: []string{"direction", "internal"}, Aggregates: computed(query.Mean, "duration", "down_bytes")},
	{By: []string{"date", "hour"}, Where: "hour between 3 and 9 or date = 2024-04-21"},
	{By: []string{"dst_ip"}, Where: "not dst_ip in internal and not dst_ip in (192.0.2.7, 2001:db8::/64)"},
	{By: []string{"src_ip"}, Where: "dst_ip = ::ffff:198.0.2.3 or dst_ip = 2001:db8::1 or src_ip > 10.0.1.5"},
	{By: []string{"proto"}, Where: "ip in 10.0.1.0/24 and proto != udp"},
	{By: []string{"state", "name"}, Where: "not (state = refused or name = 'a.example')"},
	{By: []string{"name"}, Where: "name like '%.example' or name like '100\\%' or name = 'it''s' or name = 'back\\slash'"},
	{By: []string{"name"}, Where: "name ilike 'b.EX%' or name ilike 'A__'"},
	{By: []string{"state"}, Where: "state not in (refused, open) or name is unknown", Aggregates: computed(query.Distinct, "name", "dst_ip", "src_port", "service")},
	{By: []string{"port"}, Where: "service in (https, dns, ssh) or service like 'tcp/4%' and not service like '%9'"},
	{By: []string{"proto"}, Where: "not service = https", Aggregates: slices.Concat(computed(query.Min, "duration", "up_bytes"), computed(query.Max, "duration", "up_bytes"))},
	{Every: 90 * time.Minute, By: []string{"direction"}, Where: "direction != out", Aggregates: computed(query.Sum, "up_bytes")},
	{By: []string{"src_ip"}, Aggregates: computed(query.Quantile, "up_bytes", "duration")},
	{By: []string{"port"}, Where: "port in (53, 80, 443) and timestamp >= 01:00", Aggregates: slices.Concat(computed(query.First, "dst_ip", "name", "duration"), computed(query.Last, "state", "up_bytes", "proto"))},
	{Where: "up_bytes > 2 * down_bytes and up_packets + down_packets > 60 and (duration % 7 = 3 or duration / (up_packets - 9) > 20)", Columns: []string{"timestamp", "src_ip", "name", "duration", "packets"}},
	{Where: "src_port < 3000 or duration is unknown and not internal", Columns: []string{"up_bytes", "dst_ip", "internal"}, Order: []query.Order{{Column: "up_bytes", Descending: true}, {Column: "dst_ip"}}, Limit: 50},
	{By: []string{"dst_ip"}, Aggregates: computed(query.Mean, "duration"), Order: []query.Order{{Column: "mean_duration", Descending: true}}, Limit: 9},
	{By: []string{"name", "dst_ip"}, Aggregates: computed(query.Max, "src_port"), Order: []query.Order{{Column: "name", Descending: true}}, Limit: 99},
	{Where: "port = 1 and port = 2", Aggregates: slices.Concat(computed(query.Count, ""), computed(query.Sum, "up_bytes"), computed(query.Last, "dst_ip"))},
	{By: []string{"src_ip"}, Where: "src_ip = dst_ip or not state = name or src_port = 1"},
}

// TestAnswersOfDuckDB: the answers of DuckDB are those of our own engine.
func TestAnswersOfDuckDB(t *testing.T) { testAnswers(t, duckDBDatabase) }

// TestEngineAnswers does the same with ClickHouse.
func TestEngineAnswers(t *testing.T) {
	needEngines(t)
	testAnswers(t, clickHouseDatabase)
}

func testAnswers(t *testing.T, e database) {
	d, err := Get(e.dialect)
	if err != nil {
		t.Fatal(err)
	}
	dir, sources := askedFiles(t)
	source, err := d.Find(Flows{Source: filepath.Join(dir, "*.parquet"), Optional: flow.OptionalColumns})
	if err != nil {
		t.Fatal(err)
	}
	internal := flow.Networks{netip.MustParsePrefix("10.0.0.0/16"), netip.MustParsePrefix("2001:db8::/127")}
	out := t.TempDir()
	sql := slices.Clone(d.before)
	if d == clickHouse {
		sql = append(sql, fmt.Sprintf("SET max_query_size = %d", MaxStatement))
	}
	var questions []*Question
	for i, q := range asked {
		question, err := source.Question(q, internal, time.Date(2024, 4, 20, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		text, err := d.Ask(source, question)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		sql = append(sql, d.write(out, fmt.Sprint("answer", i), text))
		questions = append(questions, question)
	}
	e.execute(t, sql)
	for i, q := range asked {
		got, err := questions[i].Read(t.Context(), filepath.Join(out, fmt.Sprintf("answer%d.parquet", i)))
		if err != nil {
			t.Errorf("%+v: %v", q, err)
			continue
		}
		want, err := engine.Run(t.Context(), sources, q, engine.Options{Internal: internal})
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		if got.All != want.All || got.Flows != want.Flows && got.All > 0 {
			t.Errorf("%+v: %d rows of %d flows instead of %d of %d", q, got.All, got.Flows, want.All, want.Flows)
		}
		if g, w := tableText(got.Table), tableText(want.Table); g != w {
			t.Errorf("%+v:\n%s", q, firstDifference(g, w))
		}
	}
}

// tableText writes a table with a row a line. Floating point numbers have 12 digits, since
// engines add them up in another order.
func tableText(t *query.Table) string {
	var b strings.Builder
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "%s (%v)|", c.Name, c.Unit)
	}
	for row := range t.Len() {
		b.WriteString("\n")
		for _, c := range t.Columns {
			switch {
			case c.Texts != nil:
				b.WriteString(c.Texts[row] + "|")
			case c.Ints != nil:
				fmt.Fprintf(&b, "%d|", c.Ints[row])
			default:
				fmt.Fprintf(&b, "%.12g|", c.Floats[row])
			}
		}
	}
	return b.String()
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("%s\nrow %d: %s\ninstead of %s", w[0], i, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d rows instead of %d", len(g)-1, len(w)-1)
}

// TestQuestionsRefused: what a database cannot answer is said before it is asked.
func TestQuestionsRefused(t *testing.T) {
	source, err := clickHouse.Find(Flows{Source: "flows", Optional: []string{flow.ColDuration}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    query.Query
		want string
	}{
		{query.Query{By: []string{"dst_country"}}, "the database does not know countries and owners"},
		{query.Query{Where: "owner = Google"}, "the database does not know countries and owners"},
		{query.Query{By: []string{"name"}}, "name it with --optional"},
		{query.Query{By: []string{"date"}}, "name the day with --day"},
		{query.Query{Where: "src_ip like '10.%'"}, "name networks"},
		{query.Query{By: []string{"prt"}}, "did you mean port"},
	} {
		question, err := source.Question(c.q, nil, time.Time{})
		if err == nil {
			_, err = clickHouse.Ask(source, question)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v lacks %q", c.q, err, c.want)
		}
	}
	question, err := source.Question(query.Query{}, nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spark.Ask(source, question); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dialect without queries: %v", err)
	}
}
