package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// TestProfileFromAggregates prints SQL, runs it in DuckDB, and makes a profile of its
// tables, as the README does.
func TestProfileFromAggregates(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(dir, "cache"))
	day, tables := filepath.Join(dir, "it's a day.parquet"), filepath.Join(dir, "tables")
	flowFile(t, day, 500)
	if err := os.Mkdir(tables, 0o700); err != nil {
		t.Fatal(err)
	}
	var sql, stderr bytes.Buffer
	if code := run(t.Context(), []string{"profile", "--sql", "duckdb", "--source", day, "--into", tables}, &sql, &stderr); code != exit.Done {
		t.Fatalf("status %d: %s", code, stderr.String())
	}
	testenv.RunPython(t, []string{"duckdb"}, sql.String(), "-c", "import sys, duckdb; duckdb.connect().execute(sys.stdin.read())")
	mustRun(t, "profile", "--from-aggregates", tables, day, "-o", filepath.Join(dir, "a.profile"))
	mustRun(t, "profile", day, "-o", filepath.Join(dir, "b.profile"))
	a, errA := os.ReadFile(filepath.Join(dir, "a.profile"))
	b, errB := os.ReadFile(filepath.Join(dir, "b.profile"))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("profiles of %d and %d bytes differ: %v, %v", len(a), len(b), errA, errB)
	}
}

func TestProfileFlags(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--sql duckdb", "missing --source"},
		{"--source flows", "need --sql or --engine"},
		{"--sql mysql", "want athena, clickhouse"},
		{"--sql duckdb --source flows --optional asn", "not an optional column"},
		{"--sql duckdb --source flows day.parquet", "read no files"},
		{"--from-aggregates tables", "missing -o"},
		{"--from-aggregates tables --sql duckdb", "choose one"},
		{"--from-aggregates tables --day 2024-04-20 -o x.profile", "leave out"},
		{"--sql clickhouse --mapping akvorado", "name the day with --day"},
		{"--sql clickhouse --mapping rita --day yesterday", "want a date"},
		{"--sql clickhouse --mapping argus", "akvorado, rita, zeek"},
		{"--from-aggregates no-such-folder -o x.profile", "no such file"},
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"profile"}, strings.Fields(c.args)...)
		if code := run(t.Context(), args, &stdout, &stderr); code != exit.BadInput || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: status %d, %s", c.args, code, stderr.String())
		}
	}
}
