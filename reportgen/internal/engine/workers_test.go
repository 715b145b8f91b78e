package engine_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
)

// TestWorkers: neither the answer nor its order depends on how many workers read the file.
func TestWorkers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.parquet")
	writeFlows(t, path, randomFlows(40_000)) // a row group that is divided
	answer := func(q query.Query, workers int) [][]any {
		t.Helper()
		r, err := engine.Run(t.Context(), []engine.Source{{Path: path}}, q, engine.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return rowsOf(r.Table)
	}
	for _, c := range comparisons {
		for _, workers := range []int{2, 5} {
			if diff := cmp.Diff(answer(c.q, 1), answer(c.q, workers)); diff != "" {
				t.Errorf("1 worker and %d: %s: %s", workers, c.sql, diff)
			}
		}
	}
}

// TestMemory: a query that needs more memory than it may ends with advice, whether its groups,
// the addresses of the file or the rows that it lists need it.
func TestMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.parquet")
	writeFlows(t, path, randomFlows(6000))
	count := []query.Aggregate{{Func: query.Count}}
	for _, c := range []struct {
		name   string
		q      query.Query
		memory int64
		enough bool
	}{
		{"groups", query.Query{By: []string{"src_ip", "dst_ip", "timestamp"}, Aggregates: count}, 100_000, false},
		{"a listing", query.Query{}, 200_000, false},
		{"few groups", query.Query{By: []string{"proto"}, Aggregates: count}, 100_000, true},
		{"addresses", query.Query{By: []string{"proto"}, Where: "src_ip like '10.%'", Aggregates: count}, 300, false},
	} {
		for _, workers := range []int{1, 3} {
			_, err := engine.Run(t.Context(), []engine.Source{{Path: path}}, c.q, engine.Options{Memory: c.memory, Workers: workers})
			if c.enough && err != nil || !c.enough && (err == nil || !strings.Contains(err.Error(), "raise the limit with reportgen query --memory")) {
				t.Errorf("%s, %d workers: %v", c.name, workers, err)
			}
		}
	}
}

// TestAggregates compares aggregates with what a loop over the flows gives.
func TestAggregates(t *testing.T) {
	type sums struct{ flows, up, least, most float64 }
	flows := randomFlows(2000)
	want := map[string]sums{}
	for _, f := range flows {
		up := float64(f.Up)
		s, seen := want[f.Src.String()]
		if !seen {
			s.least = up
		}
		want[f.Src.String()] = sums{s.flows + 1, s.up + up, min(s.least, up), max(s.most, up)}
	}
	var rows [][]any
	for src, s := range want {
		rows = append(rows, []any{src, s.flows, s.up, s.least, s.most, s.up / s.flows})
	}
	path := filepath.Join(t.TempDir(), "day.parquet")
	writeFlows(t, path, flows)
	q := query.Query{By: []string{"src_ip"}, Aggregates: []query.Aggregate{{Func: query.Count}}}
	for _, f := range []query.Func{query.Sum, query.Min, query.Max, query.Mean} {
		q.Aggregates = append(q.Aggregates, query.Aggregate{Func: f, Column: "up_bytes"})
	}
	r, err := engine.Run(t.Context(), []engine.Source{{Path: path}}, q, engine.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if diff := different(rowsOf(r.Table), rows); diff != "" {
		t.Error(diff)
	}
}
