package engines

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

var silent = console.New(io.Discard, console.Text)

// serverOf returns the server that flags name.
func serverOf(t *testing.T, args ...string) *Server {
	t.Helper()
	var s Server
	f := pflag.NewFlagSet("query", pflag.ContinueOnError)
	s.AddFlags(f, "", "")
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &s
}

// profileCommand runs reportgen profile with flags and returns the profile.
func profileCommand(t *testing.T, args ...string) (*profile.Profile, error) {
	t.Helper()
	var o Options
	c := &cobra.Command{Use: "profile"}
	o.AddFlags(c)
	if err := c.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "day.profile")
	if err := o.Run(t.Context(), nil, out, io.Discard, silent); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return p, nil
}

// TestServerErrors: what a server says reaches the user, with the table that was asked for.
func TestServerErrors(t *testing.T) {
	t.Setenv("CLICKHOUSE_PASSWORD", "secret")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, _ := io.ReadAll(r.Body)
		switch {
		case r.Header.Get("X-ClickHouse-User") != "ana" || r.Header.Get("X-ClickHouse-Key") != "secret":
			http.Error(w, "Code: 516. Authentication failed", http.StatusForbidden)
		case r.URL.Query().Get("database") == "moved":
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		case r.URL.Query().Get("database") == "short":
			_, _ = w.Write([]byte("PAR1 and no more than that"))
		default:
			http.Error(w, "Code: 60. Unknown table "+string(query[len(query)-14:]), http.StatusNotFound)
		}
	}))
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct{ url, want string }{
		{"clickhouse://" + host + "/logs?table=flows", "table conversations: " + host + ": 403 Forbidden: Code: 516. Authentication failed"},
		{"clickhouse://ana@" + host + "/logs?table=flows", "404 Not Found: Code: 60. Unknown table FORMAT Parquet"},
		{"clickhouse://ana@" + host + "/short?table=flows", "conversations.parquet: the Parquet file is truncated"},
		{"clickhouse://ana@" + host + "/moved?table=flows", "307 Temporary Redirect; use the address that it redirects to"},
		{"clickhouse://ana:secret@" + host + "/logs", "set $CLICKHOUSE_PASSWORD"},
		{"clickhouse://" + host + "/logs?tabel=flows", "unknown option tabel=flows"},
		{"http://ana:secret@" + host, "want clickhouse://HOST/DATABASE"},
		{"clickhouse://ana:secret%zz@" + host, "want clickhouse://HOST/DATABASE"},
	} {
		if _, err := profileCommand(t, "--engine", c.url); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: want an error with %q, not %v", c.url, c.want, err)
		}
	}
	s.Close()
	if _, err := profileCommand(t, "--engine", "clickhouse://"+host+"/logs?table=flows"); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("without a server: %v", err)
	}
}

// TestAnswer: a server's answer becomes a table, within the memory that is allowed, and rows that
// are not flows are counted.
func TestAnswer(t *testing.T) {
	host := "6" + strings.Repeat("0", 31) + "1"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := io.ReadAll(r.Body)
		if strings.Contains(string(asked), "all_results") {
			writeRows(t, w, []resultRow{{&host, new(int64(7)), 2, 9}, {new("40A000001"), nil, 2, 9}})
			return
		}
		writeRows(t, w, []rejectedRow{{"null value", "port", 3, ""}, {"protocol", "proto", 4, "47"}})
	}))
	defer s.Close()
	db := serverOf(t, "--engine", "clickhouse://"+strings.TrimPrefix(s.URL, "http://")+"/?table=flows", "--optional", "duration")
	q := query.Query{By: []string{"src_ip"}, Aggregates: []query.Aggregate{{Func: query.Max, Column: "duration"}}}
	r, err := db.Answer(t.Context(), q, time.Time{}, nil, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Columns; c[0].Texts[0] != "::1" || c[0].Texts[1] != "10.0.0.1" || c[1].Floats[0] != 7 || !math.IsNaN(c[1].Floats[1]) || r.All != 2 || r.Flows != 9 {
		t.Errorf("%+v", r.Table)
	}
	if len(r.Rejected) != 1 || r.Rejected[0].Count != 3 {
		t.Errorf("rejected rows: %+v", r.Rejected)
	}
	if _, err := db.Answer(t.Context(), q, time.Time{}, nil, 100); err == nil || !strings.Contains(err.Error(), "--memory") {
		t.Errorf("a large answer: %v", err)
	}
	for _, selection := range []days.Selection{
		{Test: "monday"}, {Test: "2024-04-20", Folder: "days"}, {Test: "2024-04-20", Baselines: []string{"2024-04-01..2024-04-20"}},
		{Test: "2024-04-20", Baselines: []string{"2024-04-19..2024-04-18"}}, {Test: "2024-04-20", Baselines: []string{"2024-04-01.."}},
	} {
		if err := db.OpenDays(t.Context(), selection, &detect.Input{}, silent); err == nil || !strings.Contains(err.Error(), "date") {
			t.Errorf("%+v: %v", selection, err)
		}
	}
}

type resultRow struct {
	Group *string `parquet:"answer0,optional"`
	Value *int64  `parquet:"answer1,optional"`
	All   int64   `parquet:"all_results"`
	Flows int64   `parquet:"all_flows"`
}

type rejectedRow struct {
	Reason string `parquet:"reason"`
	Column string `parquet:"column"`
	Rows   int64  `parquet:"rows"`
	Value  string `parquet:"value"`
}

func writeRows[T any](t *testing.T, w io.Writer, rows []T) {
	t.Helper()
	if err := parquet.Write(w, rows); err != nil {
		t.Error(err)
	}
}

// chdbServer starts a server whose tables the statements make, and returns its address.
func chdbServer(t *testing.T, statements ...string) string {
	t.Helper()
	in, err := json.Marshal(statements)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), testenv.Python(t, "chdb"), "-B", filepath.Join("testdata", "chdb_server.py"))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // which ends the server
		_ = cmd.Wait()
	})
	if _, err := stdin.Write(append(in, '\n')); err != nil {
		t.Fatal(err)
	}
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return "clickhouse://127.0.0.1:" + strings.TrimSpace(port) + "/"
}

// The tables of other programs, with the flows of a sample day.
const (
	ritaTable = `CREATE TABLE conn ENGINE = Memory AS SELECT toDateTime('2024-04-20 00:00:00', 'UTC') + intDiv(timestamp, 100) AS ts,
		toIPv6(src_ip) AS src, toIPv6(dst_ip) AS dst, toUInt16(port) AS dst_port, toLowCardinality(assumeNotNull(proto)) AS proto, 'SF' AS conn_state,
		0.5 AS duration, up_bytes AS src_ip_bytes, down_bytes AS dst_ip_bytes, toInt64(3) AS src_packets, toInt64(4) AS dst_packets FROM file('DAY', Parquet)`
	zeekTable = `CREATE TABLE zeek ENGINE = Memory AS SELECT 1713571200 + timestamp / 100 AS ts, src_ip AS "id.orig_h", dst_ip AS "id.resp_h",
		port AS "id.resp_p", proto, 'SF' AS conn_state, 0.5 AS duration, up_bytes AS orig_ip_bytes, down_bytes AS resp_ip_bytes,
		3 AS orig_pkts, 4 AS resp_pkts FROM file('DAY', Parquet)`
	// Each direction is a row, sampled one in ten, and the client has a higher port.
	akvoradoTable = `CREATE TABLE flows ENGINE = Memory AS SELECT toDateTime('2024-04-20 00:00:00', 'UTC') + intDiv(timestamp, 100) AS TimeReceived,
		toUInt64(10) AS SamplingRate, toIPv6(if(back, dst_ip, src_ip)) AS SrcAddr, toIPv6(if(back, src_ip, dst_ip)) AS DstAddr, toUInt32(if(proto = 'tcp', 6, 17)) AS Proto,
		toUInt16(if(back, port, 60000)) AS SrcPort, toUInt16(if(back, 60000, port)) AS DstPort, toUInt64(intDiv(if(back, down_bytes, up_bytes), 10)) AS Bytes,
		toUInt64(1) AS Packets FROM file('DAY', Parquet) ARRAY JOIN [0, 1] AS back WHERE port < 60000`
	dayTable = `CREATE TABLE day ENGINE = Memory AS SELECT *, toDate('2024-04-20') AS date FROM file('DAY', Parquet)`
)

// TestEngineServer asks a server for profiles and compares them with a scan of the same flows.
func TestEngineServer(t *testing.T) {
	if os.Getenv("FLOWBOOK_ENGINES") == "" {
		t.Skip("needs ClickHouse from PyPI, which starts slowly: run make engines")
	}
	day := testenv.Path(t, "testdata", "servers.parquet")
	var statements []string
	for _, s := range []string{ritaTable, zeekTable, akvoradoTable, dayTable} {
		statements = append(statements, strings.ReplaceAll(s, "DAY", day))
	}
	url := chdbServer(t, statements...)
	want, err := flowfile.Profile(t.Context(), day, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("columns of flow files", func(t *testing.T) {
		got, err := profileCommand(t, "--engine", url+"?table=day", "--day", "2024-04-20")
		if err != nil {
			t.Fatal(err)
		}
		if s := got.Sources[0]; s.Name != "day-2024-04-20" || s.Rows != want.Total().Flows {
			t.Errorf("source %v", s)
		}
		got.Sources = want.Sources
		if !bytes.Equal(testenv.Encoded(t, profile.Encode, got), testenv.Encoded(t, profile.Encode, want)) {
			t.Error("another profile than that of a scan")
		}
		if _, err := profileCommand(t, "--engine", url+"?table=day", "--day", "2024-04-21"); err == nil || !strings.Contains(err.Error(), "none of the rows is a flow") {
			t.Errorf("a day without flows: %v", err)
		}
		if _, err := profileCommand(t, "--engine", url+"?table=nights"); err == nil || !strings.Contains(err.Error(), "nights") {
			t.Errorf("a table that does not exist: %v", err)
		}
	})
	t.Run("answers", func(t *testing.T) {
		for _, q := range []query.Query{
			{By: []string{"date", "service"}, Aggregates: []query.Aggregate{{Func: query.Sum, Column: "up_bytes"}, {Func: query.Distinct, Column: "dst_ip"}}},
			{Where: "port = 443 and not dst_ip in internal", By: []string{"src_ip"}, Every: time.Hour, Limit: 20},
			{Where: "up_bytes > 1MB", Columns: []string{"timestamp", "src_ip", "up_bytes"}, Order: []query.Order{{Column: "up_bytes", Descending: true}}, Limit: 5},
		} {
			s := serverOf(t, "--engine", url+"?table=day")
			got, err := s.Answer(t.Context(), q, time.Date(2024, 4, 20, 0, 0, 0, 0, time.UTC), nil, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			want, err := engine.Run(t.Context(), []engine.Source{{Path: day, Date: "2024-04-20"}}, q, engine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got.Table, want.Table); diff != "" || got.All != want.All || got.Flows != want.Flows {
				t.Errorf("%d rows of %d flows, not %d of %d: %s", got.All, got.Flows, want.All, want.Flows, diff)
			}
		}
	})
	t.Run("days", func(t *testing.T) {
		mapping := filepath.Join(t.TempDir(), "days.yaml") // in which each day is there twice
		if err := os.WriteFile(mapping, []byte("table: day\nday: toDate({day}) IN (date, date + 1)\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s := serverOf(t, "--engine", url, "--mapping", mapping)
		var in detect.Input
		if err := s.OpenDays(t.Context(), days.Selection{Test: "2024-04-21", Baselines: []string{"2024-04-20"}}, &in, silent); err != nil {
			t.Fatal(err)
		}
		if in.TestDate.Day() != 21 || len(in.History) != 1 || in.History[0].Date.Day() != 20 || in.Test.Total() != want.Total() || in.History[0].Profile.Total() != want.Total() {
			t.Errorf("%v, and %d days before", in.TestDate, len(in.History))
		}
		in = detect.Input{}
		if err := s.OpenDays(t.Context(), days.Selection{Test: "2024-04-21", Baselines: []string{"2024-04-17..2024-04-20"}}, &in, silent); err != nil || len(in.History) != 1 {
			t.Errorf("a range: %d days before, %v", len(in.History), err)
		}
		if err := s.OpenDays(t.Context(), days.Selection{Test: "2024-04-25"}, &in, silent); err == nil || !strings.Contains(err.Error(), "--test 2024-04-25: ") {
			t.Errorf("a day without flows: %v", err)
		}
	})
	for _, c := range []struct{ name, table string }{{"rita", ""}, {"zeek", "?table=zeek"}} {
		t.Run(c.name, func(t *testing.T) {
			got, err := profileCommand(t, "--engine", url+c.table, "--mapping", c.name, "--day", "2024-04-20")
			if err != nil {
				t.Fatal(err)
			}
			if got.Total() != want.Total() || len(got.Conversations) != len(want.Conversations) {
				t.Fatalf("%v in %d conversations, not %v in %d", got.Total(), len(got.Conversations), want.Total(), len(want.Conversations))
			}
			for i, g := range got.Conversations {
				w := want.Conversations[i]
				if g.Key != w.Key || g.Hours != w.Hours || g.Seconds.Len() != w.Seconds.Len() || g.Details == nil ||
					g.Details.Lasted != 50*g.Flows || g.Details.UpPackets != 3*g.Flows || g.Details.States[1] != g.Flows {
					t.Fatalf("conversation %+v instead of %+v", g, w)
				}
			}
		})
	}
	t.Run("akvorado", func(t *testing.T) {
		got, err := profileCommand(t, "--engine", url, "--mapping", "akvorado", "--day", "2024-04-20")
		if err != nil {
			t.Fatal(err)
		}
		// The flows of a minute become one, and bytes are whole samples.
		for _, g := range got.Conversations {
			w := want.Of(g.Src)
			found := false
			for i := range w {
				if w[i].Key == g.Key {
					found = w[i].Up-g.Up >= 0 && w[i].Up-g.Up < 10*w[i].Flows && w[i].Down-g.Down < 10*w[i].Flows && g.Flows <= w[i].Flows
				}
			}
			if !found {
				t.Fatalf("no such conversation: %+v", g)
			}
		}
	})
}
