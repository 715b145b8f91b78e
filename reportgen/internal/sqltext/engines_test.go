package sqltext

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// database is one that runs in a Python program, which reads a JSON list of SQL
// statements.
type database struct {
	dialect, program string
	packages         []string
}

var (
	duckDBDatabase     = database{"duckdb", "duckdb_run.py", []string{"duckdb"}}
	clickHouseDatabase = database{"clickhouse", "chdb_run.py", []string{"chdb"}}
	sparkDatabase      = database{"spark", "spark_run.py", []string{"pyspark"}}
)

// TestDuckDB: profiles of the tables that DuckDB computes have the bytes of our own scan.
func TestDuckDB(t *testing.T) { testEngine(t, duckDBDatabase) }

// TestEngines does the same with databases that take longer to install and start.
func TestEngines(t *testing.T) {
	needEngines(t)
	for _, e := range []database{clickHouseDatabase, sparkDatabase} {
		t.Run(e.dialect, func(t *testing.T) { testEngine(t, e) })
	}
}

func needEngines(t *testing.T) {
	t.Helper()
	if os.Getenv("FLOWBOOK_ENGINES") == "" {
		t.Skip("needs ClickHouse and Spark from PyPI, which start slowly: run make engines")
	}
}

func testEngine(t *testing.T, e database) {
	d, err := Get(e.dialect)
	if err != nil {
		t.Fatal(err)
	}
	// All days in one program, since some take long to start.
	var sql []string
	files, dirs := make([][]string, len(worlds)), make([]string, len(worlds))
	for i, w := range worlds {
		files[i], dirs[i] = w.files(t), t.TempDir()
		pattern := files[i][0]
		if len(files[i]) > 1 {
			pattern = filepath.Join(filepath.Dir(pattern), "*.parquet")
		}
		source, err := d.named(pattern)
		if err != nil {
			t.Fatal(err)
		}
		source = columnsOf(source, w.optional)
		if w.table {
			source = Source{From: source.From}
		}
		for _, s := range d.aggregates(source, dirs[i]) {
			sql = append(sql, s.SQL)
		}
	}
	in, err := json.Marshal(sql)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	t.Log(testenv.RunPython(t, e.packages, string(in), filepath.Join("testdata", e.program)))
	t.Logf("%d statements in %v", len(sql), time.Since(start))
	for i, w := range worlds {
		t.Run(w.name, func(t *testing.T) { compare(t, files[i], dirs[i]) })
	}
}

// compare compares the profile of the tables in a folder with that of our own scan.
func compare(t *testing.T, files []string, dirs ...string) {
	t.Helper()
	want, err := flowfile.ProfileAll(t.Context(), files, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: dirs, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(encoded(t, got), encoded(t, want)) {
		return
	}
	t.Errorf("another profile: %d conversations instead of %d, %d hosts instead of %d", len(got.Conversations), len(want.Conversations), len(got.Hosts), len(want.Hosts))
	report(t, "rejected", got.Rejected, want.Rejected)
	report(t, "hosts", got.Hosts, want.Hosts)
	report(t, "conversations", got.Conversations, want.Conversations)
}

// report prints the first difference of two lists.
func report[T any](t *testing.T, what string, got, want []T) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		g, w := text(t, got[i]), text(t, want[i])
		if g != w {
			t.Errorf("%s: got  %s\nwant %s", what, g, w)
			return
		}
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := v.(profile.Conversation); ok {
		for size, n := range c.Sizes.All() {
			b = append(b, text(t, [2]int64{size, n})...)
		}
		b = append(b, text(t, c.Seconds.Gaps())...)
	}
	return string(b)
}

func encoded(t *testing.T, p *profile.Profile) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := profile.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
