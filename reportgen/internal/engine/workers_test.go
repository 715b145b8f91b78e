package engine_test

import (
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/engine"
)

// TestWorkers: the answer does not depend on how many workers read the file.
func TestWorkers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.parquet")
	writeFlows(t, path, randomFlows(6000))
	answer := func(q query.Query, workers int) [][]any {
		t.Helper()
		r, err := engine.Run(t.Context(), []engine.Source{{Path: path}}, q, engine.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return rowsOf(r.Table)
	}
	for _, c := range comparisons {
		if diff := different(answer(c.q, 4), answer(c.q, 1)); diff != "" {
			t.Errorf("4 workers and 1: %s: %s", c.sql, diff)
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
