package answers

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/query"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// result has a value of each kind, unknown ones, and texts that a terminal or a
// spreadsheet would act on.
var result = query.Table{Columns: []query.TableColumn{
	{Name: "name", Texts: []string{"a.example", "", "=1\x1b[2J"}},
	{Name: "timestamp", Unit: query.Clock, Ints: []int64{0, 3780000, 8639999}},
	{Name: "port", Ints: []int64{53, 443, 50001}},
	{Name: "flows", Ints: []int64{1, 2000, 3000000}},
	{Name: "up_bytes", Unit: query.Bytes, Ints: []int64{0, 1500, 9007199254740993}},
	{Name: "max_duration", Unit: query.Hundredths, Floats: []float64{50, math.NaN(), 360000}},
}}

// TestFormats: each format has all values, and no other format's conventions.
func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		"table": "" +
			"name       timestamp   port      flows  up_bytes  max_duration\n" +
			"a.example   00:00:00     53          1       0 B         500ms\n" +
			"            10:30:00    443      2,000    1.5 kB              \n" +
			"=1\\x1b[2J   23:59:59  50001  3,000,000   9.01 PB        1h0m0s\n",
		"csv": "name,timestamp,port,flows,up_bytes,max_duration\n" +
			"a.example,0,53,1,0,50\n,3780000,443,2000,1500,\n'=1\\x1b[2J,8639999,50001,3000000,9007199254740993,360000\n",
		"json": `{"name":"a.example","timestamp":0,"port":53,"flows":1,"up_bytes":0,"max_duration":50}` + "\n" +
			`{"name":"","timestamp":3780000,"port":443,"flows":2000,"up_bytes":1500,"max_duration":null}` + "\n" +
			`{"name":"=1\u001b[2J","timestamp":8639999,"port":50001,"flows":3000000,"up_bytes":9007199254740993,"max_duration":360000}` + "\n",
	} {
		var b bytes.Buffer
		if err := write(&b, &result, format); err != nil || b.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", format, err, b.String(), want)
		}
	}
	if err := write(&bytes.Buffer{}, &result, "xml"); err == nil {
		t.Error("an unknown format is written")
	}
}

// TestParquet: a Parquet file has the rows, with unknown values as nulls, and is valid
// without rows.
func TestParquet(t *testing.T) {
	empty := query.Table{}
	for _, c := range result.Columns {
		empty.Columns = append(empty.Columns, query.TableColumn{Name: c.Name, Texts: []string{}})
	}
	for rows, table := range map[int]*query.Table{3: &result, 0: &empty} {
		path := filepath.Join(t.TempDir(), "result.parquet")
		var b bytes.Buffer
		if err := write(&b, table, "parquet"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := flowfile.OpenTable(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.NumRows(); got != int64(rows) {
			t.Errorf("%d rows, want %d", got, rows)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
