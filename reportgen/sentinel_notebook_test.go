package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/sentinel"
)

// TestSentinelNotebook runs the notebook of the sample day and compares its
// tables with what reportgen sentinel prints of the same day, which is compared
// with pandas elsewhere.
func TestSentinelNotebook(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	out := filepath.Join(t.TempDir(), "out")
	mustRun(t, "run", "-o", out, "--to", "ipynb", "../notebooks/sentinel.ipynb")
	tables, prose := shownTables(t, filepath.Join(out, "notebooks", "sentinel.ipynb"))
	a := sampleAnalysis(t)

	rows := map[string][]any{}
	for _, r := range a.Countries {
		rows[r.Country] = []any{r.Flows, r.Down}
	}
	compareRows(t, tables, "tbl-country-volume", rows, len(rows), "code", "flows", "down_bytes")
	rows = map[string][]any{}
	for h := range 24 {
		rows[fmt.Sprint(h)] = []any{0} // hours without flows, which Sentinel leaves out
	}
	for _, r := range a.Hours {
		rows[fmt.Sprint(r.Hour)] = []any{r.Flows}
	}
	compareRows(t, tables, "tbl-distribution", rows, 24, "hour", "flows")
	rows = map[string][]any{}
	for _, r := range a.Ratios {
		rows[r.Src.String()] = []any{r.Down, r.Up, r.Ratio}
	}
	compareRows(t, tables, "tbl-ratio", rows, len(rows), "src_ip", "down_bytes", "up_bytes", "down_up")
	rows = map[string][]any{}
	for _, r := range a.Subnets[0].Rows {
		rows[r.Dst.String()] = []any{len(r.Sources), r.Flows, r.Frequency}
	}
	compareRows(t, tables, "tbl-inside", rows, min(len(rows), 25), "dst_ip", "hosts", "flows", "frequency")

	for _, host := range frame.Suspects(a.Findings) {
		if !strings.Contains(prose, host) {
			t.Errorf("the notebook does not name %s", host)
		}
	}
}

// sampleAnalysis takes all measures of the sample day under test, with the
// normal one as baseline.
func sampleAnalysis(t *testing.T) *sentinel.Analysis {
	t.Helper()
	path := filepath.Join("..", "testdata", "test.parquet")
	p, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	baseline, err := flowfile.Profile(t.Context(), filepath.Join("..", "testdata", "data.parquet"), flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := sentinel.OpenGeo(sampleDatabase(t, "country.mmdb"), sampleDatabase(t, "asn.mmdb"), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	a, err := sentinel.Analyze(t.Context(), sentinel.Day{Profile: p, Rows: flowfile.Rows(t.Context(), path, flowfile.Filter{})}, l,
		sentinel.Options{Country: true, Distribution: true, Exfiltration: true, Percentile: 90, Botnet: true, Baseline: baseline})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Subnets) != 1 || len(frame.Suspects(a.Findings)) == 0 {
		t.Fatalf("the sample day has %d subnets and %d findings", len(a.Subnets), len(a.Findings))
	}
	return a
}

// shownTables reads the tables of an executed notebook by their labels, and what its
// prose computed.
func shownTables(t *testing.T, path string) (tables map[string][]map[string]any, prose string) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var nb struct {
		Cells []struct {
			Outputs []struct {
				Data     map[string]json.RawMessage
				Metadata struct {
					Reportgen struct{ Label string }
				}
			}
		}
	}
	if err := json.Unmarshal(src, &nb); err != nil {
		t.Fatal(err)
	}
	tables = map[string][]map[string]any{}
	for _, c := range nb.Cells {
		for _, o := range c.Outputs {
			if resource, ok := o.Data["application/vnd.dataresource+json"]; ok {
				var table struct{ Data []map[string]any }
				if err := json.Unmarshal(resource, &table); err != nil {
					t.Fatalf("%s: %v", o.Metadata.Reportgen.Label, err)
				}
				tables[o.Metadata.Reportgen.Label] = table.Data
			}
			prose += string(o.Data["text/markdown"])
		}
	}
	return tables, prose
}

// compareRows compares n rows of a table, whose first column is a key, with
// those that are wanted by key. Numbers may differ in their last bit.
func compareRows(t *testing.T, tables map[string][]map[string]any, label string, want map[string][]any, n int, key string, columns ...string) {
	t.Helper()
	if len(tables[label]) != n {
		t.Errorf("%s has %d rows, want %d", label, len(tables[label]), n)
	}
	for _, row := range tables[label] {
		k := fmt.Sprint(row[key])
		if want[k] == nil {
			t.Errorf("%s: the notebook lists %s and sentinel does not", label, k)
			continue
		}
		for i, c := range columns {
			got, ok := row[c].(float64)
			var number float64
			if _, err := fmt.Sscan(fmt.Sprint(want[k][i]), &number); err != nil {
				t.Fatal(err)
			}
			if !ok || math.Abs(got-number) > 1e-12*math.Abs(number) {
				t.Errorf("%s, %s: %s is %v in the notebook, and sentinel says %v", label, k, c, row[c], want[k][i])
			}
		}
	}
}
