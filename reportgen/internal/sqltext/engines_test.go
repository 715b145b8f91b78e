package sqltext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	trinoDatabase      = database{"trino", "trino_run.py", []string{"trino"}}
)

// TestDuckDB: profiles of the tables that DuckDB computes have the bytes of our own scan.
func TestDuckDB(t *testing.T) { testEngine(t, duckDBDatabase, worlds) }

// TestEngines does the same with all databases, also those that take longer to install and
// start, and with a larger day. It writes what they took to the file that
// $FLOWBOOK_ENGINES_TABLE names. $FLOWBOOK_ENGINES lists the dialects, or is all.
func TestEngines(t *testing.T) {
	wanted := needEngines(t)
	for _, e := range []database{clickHouseDatabase, duckDBDatabase, trinoDatabase, sparkDatabase} {
		t.Run(e.dialect, func(t *testing.T) {
			switch {
			case wanted != "all" && !slices.Contains(strings.Split(wanted, ","), e.dialect):
				t.Skip("$FLOWBOOK_ENGINES does not list it")
			case e.dialect == "trino" && os.Getenv("FLOWBOOK_TRINO") == "":
				t.Skip("needs a server of Trino in the folder that $FLOWBOOK_TRINO names: run make engines")
			}
			table := testEngine(t, e, append(worlds, largeDay))
			if name := os.Getenv("FLOWBOOK_ENGINES_TABLE"); name != "" {
				if err := table.write(name, e.dialect); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func needEngines(t *testing.T) string {
	t.Helper()
	wanted := os.Getenv("FLOWBOOK_ENGINES")
	if wanted == "" {
		t.Skip("needs ClickHouse, Spark and Trino, which start slowly: run make engines")
	}
	return wanted
}

// took is what the statements of a day took in a database, in seconds.
type took struct {
	Engine     string
	Statements []struct{ Seconds, CPU float64 }
}

// execute runs statements in a database.
func (e database) execute(t *testing.T, statements []string) (out took) {
	t.Helper()
	in, err := json.Marshal(statements)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(testenv.RunPython(t, e.packages, string(in), filepath.Join("testdata", e.program))), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &out); err != nil {
		t.Fatalf("%s printed %q: %v", e.program, lines, err)
	}
	return out
}

// engineDay is a world in a database.
type engineDay struct {
	world
	paths       []string
	dir         string // of the tables
	first, last int    // its statements
}

func testEngine(t *testing.T, e database, worlds []world) (rows engineTable) {
	d, err := Get(e.dialect)
	if err != nil {
		t.Fatal(err)
	}
	// All days in one program, since some take long to start.
	var sql []string
	root := t.TempDir()
	t.Setenv("FLOWBOOK_TABLES", root) // where a database that only has tables puts them
	days := make([]engineDay, len(worlds))
	for i, w := range worlds {
		name := fmt.Sprint("day_", i)
		day := engineDay{world: w, paths: w.files(t), dir: filepath.Join(root, name)}
		from, into := w.pattern(day.paths), day.dir
		if d.files == nil {
			var made []string
			from, into, made = hiveTable(t, name, day.paths)
			sql = append(sql, made...)
		} else if err := os.Mkdir(day.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		source, err := d.named(from)
		if err != nil {
			t.Fatal(err)
		}
		source = columnsOf(source, w.optional)
		if w.table {
			source = Source{From: source.From}
		}
		day.first = len(sql)
		for _, s := range d.aggregates(source, into) {
			sql = append(sql, s.SQL)
		}
		day.last = len(sql)
		days[i] = day
	}
	out := e.execute(t, sql)
	t.Logf("%s: %d statements", out.Engine, len(sql))
	for _, day := range days {
		row := engineRow{dialect: e.dialect, engine: out.Engine, source: day.name, placed: d.files != nil && !day.table}
		for _, s := range out.Statements[day.first:day.last] {
			row.theirs += s.CPU
		}
		t.Run(day.name, func(t *testing.T) { row.compare(t, day.paths, day.dir) })
		rows = append(rows, row)
	}
	return rows
}

// pattern is the file, or a pattern of the files, as users name them.
func (w world) pattern(paths []string) string {
	if len(paths) > 1 {
		return filepath.Join(filepath.Dir(paths[0]), "*.parquet")
	}
	return paths[0]
}

// compare compares the profile of the tables in a folder with that of our own scan. If the
// database does not know the places of rows, those of rejected rows may be missing.
func (r *engineRow) compare(t *testing.T, files []string, dirs ...string) {
	t.Helper()
	before := processor(t)
	want, err := flowfile.ProfileAll(t.Context(), files, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.ours, r.flows = processor(t)-before, want.Total().Flows
	got, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: dirs, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	if r.equal = bytes.Equal(encoded(t, got), encoded(t, want)); r.equal {
		return
	}
	if !r.placed {
		withoutPlaces(got)
		withoutPlaces(want)
		if r.equalButPlaces = bytes.Equal(encoded(t, got), encoded(t, want)); r.equalButPlaces {
			return
		}
	}
	t.Errorf("another profile: %d conversations instead of %d, %d hosts instead of %d", len(got.Conversations), len(want.Conversations), len(got.Hosts), len(want.Hosts))
	report(t, "rejected", got.Rejected, want.Rejected)
	report(t, "hosts", got.Hosts, want.Hosts)
	report(t, "conversations", got.Conversations, want.Conversations)
}

// withoutPlaces removes the places of rejected rows.
func withoutPlaces(p *profile.Profile) {
	for i := range p.Rejected {
		p.Rejected[i].First = profile.Place{}
	}
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
