package flowfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/parquet-go/parquet-go"
)

// python runs testdata/write.py and returns what it prints.
func python(t *testing.T, args ...string) string {
	t.Helper()
	return testenv.RunPython(t, []string{"pyarrow", "fastparquet", "duckdb", "pyspark"}, "", append([]string{filepath.Join("testdata", "write.py")}, args...)...)
}

// writeCSV writes flows for write.py to read.
func writeCSV(t *testing.T, flows []flow.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flows.csv")
	var b bytes.Buffer
	fmt.Fprintln(&b, strings.Join(flow.Columns, ","))
	for _, f := range flows {
		fmt.Fprintf(&b, "%d,%v,%v,%v,%d,%d,%d\n", f.Time, f.Src, f.Dst, f.Proto, f.Port, f.Up, f.Down)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// All writers' files of the same flows give the same bytes.
func TestWriters(t *testing.T) {
	t.Parallel()
	flows := someFlows(12_000, 6)
	folder := t.TempDir()
	python(t, "write", writeCSV(t, flows), folder)
	files, err := filepath.Glob(filepath.Join(folder, "*.parquet"))
	if err != nil || len(files) < 30 {
		t.Fatalf("write.py wrote %d files, error %v", len(files), err)
	}
	want := encoded(t, built(flows))
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".parquet"), func(t *testing.T) {
			p, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(encoded(t, p), want) {
				t.Errorf("the profile differs; rejected %+v", p.Rejected)
			}
		})
	}
}

func TestSpark(t *testing.T) {
	t.Parallel()
	if os.Getenv("JAVA_HOME") == "" {
		testenv.Program(t, "java", "a Java runtime")
	}
	flows := someFlows(12_000, 7)
	folder := t.TempDir()
	python(t, "spark", writeCSV(t, flows), folder)
	for _, name := range []string{"spark", "spark-v2"} {
		parts, err := filepath.Glob(filepath.Join(folder, name, "*.parquet"))
		if err != nil || len(parts) == 0 {
			t.Fatalf("Spark wrote %d parts, error %v", len(parts), err)
		}
		p, err := flowfile.ProfileAll(t.Context(), parts, flowfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, p), encoded(t, built(flows))) {
			t.Errorf("%s: the profile differs; rejected %+v", name, p.Rejected)
		}
	}
}

// Parquet-go's own writer, with the types that Go programs have.
func TestGenericWriter(t *testing.T) {
	type signed struct {
		Down  int64  `parquet:"down_bytes"`
		Up    int64  `parquet:"up_bytes,optional"`
		Port  uint16 `parquet:"port"`
		Proto string `parquet:"proto,enum"`
		Dst   []byte `parquet:"dst_ip"`
		Src   string `parquet:"src_ip"`
		Time  uint32 `parquet:"timestamp"`
		Note  string `parquet:"note"`
	}
	flows := someFlows(12_000, 8)
	path := filepath.Join(t.TempDir(), "go.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[signed](f, parquet.MaxRowsPerRowGroup(5000), parquet.PageBufferSize(4096))
	for _, r := range flows {
		_, err := w.Write([]signed{{r.Down, r.Up, r.Port, r.Proto.String(), []byte(r.Dst.String()), r.Src.String(), uint32(r.Time), "n"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// A null is what parquet-go makes of an optional zero.
	if !bytes.Equal(encoded(t, p), encoded(t, built(flows))) {
		t.Errorf("the profile differs; rejected %+v", p.Rejected)
	}
}

// The counts of each conversation are those that DuckDB computes from the same
// file, which is Flowbook's own.
func TestCountsAreThoseOfDuckDB(t *testing.T) {
	t.Parallel()
	path := writeFlows(t, someFlows(12_000, 9))
	rows, err := csv.NewReader(strings.NewReader(python(t, "count", path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	p, err := flowfile.Profile(t.Context(), path, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(p.Conversations) || len(rows) < 100 {
		t.Fatalf("%d conversations, DuckDB says %d", len(p.Conversations), len(rows))
	}
	want := map[string]string{}
	for _, r := range rows {
		want[strings.Join(r[:4], " ")] = strings.Join(r[4:], " ")
	}
	for _, c := range p.Conversations {
		key := strings.Join([]string{c.Src.String(), c.Dst.String(), c.Proto.String(), strconv.Itoa(int(c.Port))}, " ")
		if got := conversationText(c); got != want[key] {
			t.Errorf("%s: %s, DuckDB says %s", key, got, want[key])
		}
	}
}

func conversationText(c profile.Conversation) string {
	return strings.Trim(fmt.Sprint([]int64{
		c.Flows, c.Up, c.Down, c.MaxUp, c.MaxDown, int64(c.First), int64(c.Last), int64(c.Seconds.Len()),
	}), "[]")
}

// The files that Flowbook writes are read by pandas (pyarrow) and DuckDB.
// Fastparquet does not support BYTE_STREAM_SPLIT.
func TestOthersReadOurs(t *testing.T) {
	t.Parallel()
	flows := someFlows(12_000, 10)
	var sums [4]int64
	src, dst := map[string]bool{}, map[string]bool{}
	for _, f := range flows {
		for i, x := range []int64{int64(f.Time), int64(f.Port), f.Up, f.Down} {
			sums[i] += x
		}
		src[f.Src.String()], dst[f.Dst.String()] = true, true
	}
	want := fmt.Sprintln(len(flows), strings.Trim(fmt.Sprint(sums), "[]"), len(src), len(dst))
	got := python(t, "read", writeFlows(t, flows))
	for _, reader := range []string{"pandas", "duckdb"} {
		if !strings.Contains(got, reader+" "+want) {
			t.Errorf("%s should have read %s; all read\n%s", reader, want, got)
		}
	}
}
