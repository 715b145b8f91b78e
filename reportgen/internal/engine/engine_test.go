package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// answer runs a query of one file and returns its rows, as words.
func answer(t *testing.T, q query.Query, o engine.Options, paths ...string) []string {
	t.Helper()
	var sources []engine.Source
	for _, p := range paths {
		sources = append(sources, engine.Source{Path: p, Date: strings.TrimSuffix(filepath.Base(p), ".parquet")})
	}
	r, err := engine.Run(t.Context(), sources, q, o)
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range rowsOf(r.Table) {
		words := make([]string, len(row))
		for i, x := range row {
			words[i] = strings.TrimSpace(strings.ReplaceAll(fmt.Sprint(x), " ", "_"))
		}
		rows = append(rows, strings.Join(words, " "))
	}
	return rows
}

// TestRejected: rows that are not flows are left out and counted as a profile does, even
// if the query reads none of the columns at fault.
func TestRejected(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "write.py")
	if err := os.WriteFile(script, []byte(`
import sys, pyarrow as pa, pyarrow.parquet as pq
n = 3000
rows = {"timestamp": [i for i in range(n)], "src_ip": ["10.0.0.%d" % (i % 9) for i in range(n)], "dst_ip": ["192.0.2.%d" % (i % 7) for i in range(n)],
  "proto": ["tcp"] * n, "port": [443] * n, "up_bytes": [1] * n, "down_bytes": [2] * n}
rows["timestamp"][5] = 8640000; rows["timestamp"][1700] = None; rows["src_ip"][6] = "x"; rows["dst_ip"][7] = None; rows["dst_ip"][2500] = "y"
rows["proto"][8] = "nonsense"; rows["port"][9] = 70000; rows["up_bytes"][10] = -1; rows["down_bytes"][11] = -5; rows["src_ip"][11] = "z"
table = pa.table(rows)
pq.write_table(table, sys.argv[1] + "/one.parquet")
pq.write_table(table, sys.argv[1] + "/groups.parquet", row_group_size=1000)
pq.write_table(table, sys.argv[1] + "/plain.parquet", use_dictionary=False, write_statistics=False, data_page_size=512, write_batch_size=32)
`), 0o600); err != nil {
		t.Fatal(err)
	}
	testenv.RunPython(t, []string{"pyarrow"}, "", script, dir)
	for _, name := range []string{"one", "groups", "plain"} {
		path := filepath.Join(dir, name+".parquet")
		p, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []string{"port", "src_ip", "dst_ip", "hour", "country"} {
			o := engine.Options{Workers: 3, Country: testenv.Path(t, "testdata", "country.mmdb")}
			r, err := engine.Run(t.Context(), []engine.Source{{Path: path}}, query.Query{By: []string{by}}, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p.Rejected, r.Rejected); diff != "" || r.Flows != p.Total().Flows {
				t.Errorf("%s by %s: %d flows of %d; rejected rows %s", name, by, r.Flows, p.Total().Flows, diff)
			}
		}
	}
}

// TestDerived: derived columns say of a flow what a reader of its addresses and port
// would.
func TestDerived(t *testing.T) {
	p, err := flow.ParseAddr("192.168.0.1")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) flow.Record {
		a, err := flow.ParseAddr(text)
		if err != nil {
			t.Fatal(err)
		}
		return flow.Record{Time: 10*flow.Hour + 30*flow.Minute, Src: p, Dst: a, Proto: flow.TCP, Port: 443, Up: 10, Down: 5}
	}
	out, in, internal, external := at("192.0.2.1"), at("192.0.2.1"), at("192.168.0.2"), at("192.0.2.1")
	in.Src, in.Dst, in.Proto, in.Port = in.Dst, in.Src, flow.UDP, 53
	external.Src, external.Port = external.Dst.Next(), 50001
	internal.Proto, internal.Port = flow.ICMP, 2048
	dir := t.TempDir()
	day, next := filepath.Join(dir, "2024-03-20.parquet"), filepath.Join(dir, "2024-03-21.parquet")
	writeFlows(t, day, []flow.Record{out, in})
	writeFlows(t, next, []flow.Record{internal, external})
	q := query.Query{Columns: []string{"date", "hour", "direction", "internal", "service", "proto", "bytes"}}
	got := answer(t, q, engine.Options{}, next, day)
	want := []string{"2024-03-20 10 out false https tcp 15", "2024-03-20 10 in false dns udp 15",
		"2024-03-21 10 internal true icmp icmp 15", "2024-03-21 10 external false tcp/50001 tcp 15"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for where, want := range map[string]string{
		"direction = out": "2024-03-20 1", "internal": "2024-03-21 1", "not internal and date = 2024-03-21": "2024-03-21 1",
		"date > 2024-03-20": "2024-03-21 2", "service in (dns, HTTPS)": "2024-03-20 2", "proto = icmp": "2024-03-21 1", "proto = 17": "2024-03-20 1",
		"not dst_ip in internal and src_ip in internal": "2024-03-20 1", "ip = 192.0.2.2": "2024-03-21 1",
	} {
		if got := strings.Join(answer(t, query.Query{Where: where, By: []string{"date"}}, engine.Options{}, day, next), ", "); got != want {
			t.Errorf("%s: %s, want %s", where, got, want)
		}
	}
	networks, err := flow.ParseNetworks("192.0.2.0/24")
	if err != nil {
		t.Fatal(err)
	}
	if got := answer(t, query.Query{Where: "internal", By: []string{"date"}}, engine.Options{Internal: networks}, day, next); len(got) != 1 || got[0] != "2024-03-21 1" {
		t.Errorf("flows within other networks: %v", got)
	}
}

// TestCountries: countries and owners are those of the external end, by name or code.
func TestCountries(t *testing.T) {
	o := engine.Options{Country: testenv.Path(t, "testdata", "country.mmdb"), ASN: testenv.Path(t, "testdata", "asn.mmdb")}
	day := testenv.Path(t, "testdata", "test.parquet")
	all := answer(t, query.Query{By: []string{"country"}}, o, day)
	if len(all) < 3 {
		t.Fatalf("countries: %v", all)
	}
	for _, where := range []string{"country = DE", "country = Germany", "country in (DE, 'Atlantis')", "dst_country = DE or src_country = Germany"} {
		if got := answer(t, query.Query{Where: where, By: []string{"country"}}, o, day); len(got) != 1 || !strings.HasPrefix(got[0], "Germany ") {
			t.Errorf("%s: %v; all are %v", where, got, all)
		}
	}
	if got := answer(t, query.Query{Where: "internal", By: []string{"country", "owner"}}, o, day); len(got) != 1 || !strings.HasPrefix(got[0], "Internal_network Internal_network ") {
		t.Errorf("internal flows: %v", got)
	}
}

// TestInterrupted: a query ends when its context does.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := engine.Run(ctx, []engine.Source{{Path: testenv.Path(t, "testdata", "test.parquet")}}, query.Query{By: []string{"port"}}, engine.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
