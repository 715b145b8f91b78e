package flowfile_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
)

// anyRow has a column of every kind that is written as text.
type anyRow struct {
	Text   string           `parquet:"text,dict"`
	Maybe  *string          `parquet:"maybe,optional"`
	Small  int8             `parquet:"small"`
	Large  uint64           `parquet:"large"`
	Float  float64          `parquet:"float"`
	Yes    bool             `parquet:"yes"`
	Price  int64            `parquet:"price,decimal(0:18)"`
	Millis int64            `parquet:"millis,timestamp(millisecond)"`
	Micros int64            `parquet:"micros,timestamp(microsecond)"`
	Local  int64            `parquet:"local,timestamp(nanosecond:local)"`
	Impala deprecated.Int96 `parquet:"impala"`
	Bytes  [4]byte          `parquet:"bytes"`
	In     struct {
		Side string `parquet:"side"`
	} `parquet:"in,optional"`
	List []string `parquet:"list"`
}

// writeAny writes rows in row groups of the size.
func writeAny[T any](t testing.TB, rows []T, group int, options ...parquet.WriterOption) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "any.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[T](f, options...)
	for len(rows) > 0 {
		n := min(group, len(rows))
		if _, err := w.Write(rows[:n]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// tableRows reads the named columns to the end: one line a row, null as -.
func tableRows(t testing.TB, path string, names ...string) (string, error) {
	t.Helper()
	table, err := flowfile.OpenTable(path)
	if err != nil {
		return "", err
	}
	defer func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	}()
	var columns []int
	for _, name := range names {
		for i, c := range table.Columns() {
			if c == name {
				columns = append(columns, i)
			}
		}
	}
	if err := table.Select(columns...); err != nil {
		return "", err
	}
	var b strings.Builder
	for {
		row, err := table.Read()
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		for i, v := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			if v == nil {
				v = []byte("-")
			}
			b.Write(v)
		}
		b.WriteByte('\n')
	}
}

func TestTable(t *testing.T) {
	at := time.Date(2024, 4, 19, 12, 34, 56, 789123456, time.UTC)
	here := "here"
	row := anyRow{
		Text: "a", Small: -7, Large: 1 << 63, Float: 0.25, Yes: true, Price: 5,
		Millis: at.UnixMilli(), Micros: at.UnixMicro(), Local: at.UnixNano(),
		Impala: deprecated.Int96{0, 0, 2440589}, Bytes: [4]byte{10, 0, 0, 255},
	}
	row.In.Side = "left"
	other := row
	other.Text, other.Maybe, other.Float, other.Millis, other.Impala = "", &here, 1e15, -1, deprecated.Int96{1_000_000_000, 0, 2440588}
	path := writeAny(t, []anyRow{row, other, row}, 2)
	names := []string{"text", "maybe", "small", "large", "float", "yes", "price", "millis", "micros", "local", "impala", "bytes", "in.side"}

	table, err := flowfile.OpenTable(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(names, table.Columns()); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
	if table.NumRows() != 3 {
		t.Errorf("%d rows", table.NumRows())
	}
	if err := table.Close(); err != nil {
		t.Error(err)
	}
	const times = "2024-04-19T12:34:56.789123Z|2024-04-19T12:34:56.789123456|"
	const first = "a|-|-7|9223372036854775808|0.25|true|5|2024-04-19T12:34:56.789Z|" + times + "1970-01-02T00:00:00Z|10.0.0.255|left\n"
	const second = "|here|-7|9223372036854775808|1000000000000000|true|5|1969-12-31T23:59:59.999Z|" + times + "1970-01-01T00:00:01Z|10.0.0.255|left\n"
	got, err := tableRows(t, path, names...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first+second+first, got); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
	if got, err := tableRows(t, path, "maybe", "text"); err != nil || got != "-|a\nhere|\n-|a\n" {
		t.Errorf("chosen columns: %q, %v", got, err)
	}
}

// TestTablePages reads values over many pages and row groups, with nulls.
func TestTablePages(t *testing.T) {
	type pair struct {
		N *int32 `parquet:"n,optional"`
		S string `parquet:"s,dict"`
	}
	var rows []pair
	var want strings.Builder
	for i := range int32(20_000) {
		p := pair{S: fmt.Sprint(i % 7)}
		if i%3 > 0 {
			p.N = &i
			fmt.Fprintf(&want, "%d|%s\n", i, p.S)
		} else {
			fmt.Fprintf(&want, "-|%s\n", p.S)
		}
		rows = append(rows, p)
	}
	got, err := tableRows(t, writeAny(t, rows, 6000, parquet.PageBufferSize(1000), parquet.Compression(&parquet.Zstd)), "n", "s")
	if err != nil || got != want.String() {
		t.Errorf("%d bytes of %d, error %v", len(got), want.Len(), err)
	}
}

// TestTableDecimals reads decimals as texts, and dates as dates without a time of
// day.
func TestTableDecimals(t *testing.T) {
	type decimal struct {
		Price int64    `parquet:"price,decimal(2:18)"`
		Small int32    `parquet:"small,decimal(0:9)"`
		Wide  [16]byte `parquet:"wide,decimal(6:38)"`
		Day   int32    `parquet:"day,date"`
	}
	wide := func(n int64) (b [16]byte) {
		binary.BigEndian.PutUint64(b[8:], uint64(n))
		if n < 0 {
			binary.BigEndian.PutUint64(b[:8], math.MaxUint64)
		}
		return b
	}
	got, err := tableRows(t, writeAny(t, []decimal{{12345, 7, wide(1713571199987654), 19832}, {-5, -12, wide(-1), 0}, {100, 0, wide(0), -1}}, 10), "price", "small", "wide", "day")
	const want = "123.45|7|1713571199.987654|2024-04-19\n-0.05|-12|-0.000001|1970-01-01\n1|0|0|1969-12-31\n"
	if err != nil || got != want {
		t.Errorf("%s, error %v, want %s", got, err, want)
	}
}

func TestTableRefuses(t *testing.T) {
	type packed struct {
		N int64 `parquet:"n"`
	}
	if _, err := tableRows(t, writeAny(t, []packed{{1}}, 1, parquet.Compression(oldLZ4{&parquet.Lz4Raw})), "n"); !errors.Is(err, flowfile.ErrCompression) || !strings.Contains(err.Error(), "row group 0: column n") {
		t.Errorf("LZ4: %v", err)
	}
	if _, err := flowfile.OpenTable(t.TempDir()); err == nil {
		t.Error("a folder is opened")
	}
	whole, err := os.ReadFile(writeAny(t, make([]packed, 5000), 5000))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.parquet")
	for n, want := range map[int]error{0: flowfile.ErrNotParquet, 3: flowfile.ErrNotParquet, 8: flowfile.ErrTruncated, len(whole) - 1: flowfile.ErrTruncated} {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := flowfile.OpenTable(path); !errors.Is(err, want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestTableForeign opens every file of the Parquet project's own tests and
// reads all its columns, without a panic.
func TestTableForeign(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testenv.Data(t, "parquet-testing"), "*", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	rows := 0
	for _, file := range files {
		table, err := flowfile.OpenTable(file)
		if err != nil {
			if !strings.HasPrefix(err.Error(), file+": ") {
				t.Errorf("%s: %v", file, err)
			}
			continue
		}
		for i := range table.Columns() {
			if err := table.Select(i); err != nil && !errors.Is(err, flowfile.ErrColumnType) {
				t.Errorf("%s: %v", file, err)
			}
		}
		for {
			if _, err = table.Read(); err != nil {
				break
			}
			rows++
		}
		if err != io.EOF && !strings.HasPrefix(err.Error(), file+": ") {
			t.Errorf("%s: %v", file, err)
		}
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	}
	if rows < 1000 {
		t.Errorf("only %d rows of %d files", rows, len(files))
	}
}

func ExampleOpenTable() {
	table, err := flowfile.OpenTable("../../../testdata/servers.parquet")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.Columns())
	if err := table.Select(3, 4); err != nil {
		log.Fatal(err)
	}
	row, err := table.Read()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %s\n", row[0], row[1])
	if err := table.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// [timestamp src_ip dst_ip proto port up_bytes down_bytes]
	// tcp 443
}
