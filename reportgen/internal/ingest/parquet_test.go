package ingest

import (
	"github.com/flowbook/flowbook/pkg/testenv"

	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// writing makes Parquet files of the same three rows in the ways that their
// users have.
const writing = `
import datetime as d, sys
import pandas as pd, pyarrow as pa, pyarrow.parquet as pq
out = sys.argv[1] + "/"
start = [d.datetime(2024, 4, 19, 12, 34, 56, 789123), d.datetime(2024, 4, 19, 23, 59, 59, 999999), d.datetime(2024, 4, 20)]
f = pd.DataFrame({"Start": start, "Source": ["10.0.0.1", None, "2001:db8::1"], "Dest": ["10.0.0.2"] * 3, "DPort": [443, 53, 53],
    "Protocol": ["TCP", "UDP", "udp"], "Sent": [1000, 1, 2], "Received": [2000.0, None, 4.0], "Extra": [[1], [], [2, 3]]})
f.to_parquet(out + "naive.parquet")
f["Start"] = f["Start"].dt.tz_localize("UTC")
for unit in "ms", "us", "ns":
    f.to_parquet(out + unit + ".parquet", coerce_timestamps=unit if unit != "ns" else None, row_group_size=2, allow_truncated_timestamps=True)
f.to_parquet(out + "int96.parquet", use_deprecated_int96_timestamps=True, compression="zstd", use_dictionary=False)
f.drop(columns="Extra").to_parquet(out + "fastparquet.parquet", engine="fastparquet", compression="gzip")
f["Start"] = f["Start"].astype("datetime64[ms, UTC]").astype("int64")
f["DPort"] = f["DPort"].astype("uint16")
f["Protocol"] = [6, 17, 17]
f.to_parquet(out + "numbers.parquet")
t = pa.Table.from_pandas(f.drop(columns="Extra"), preserve_index=False)
pq.write_table(pa.table({"flow": pa.StructArray.from_arrays([c.combine_chunks() for c in t.columns], t.column_names)}), out + "nested.parquet")
v = pa.table({"version": pa.array([5, 5, 5], pa.int32()), "interface_id": ["eni-1"] * 3, "srcaddr": ["10.0.0.1", "10.0.0.2", None],
    "dstaddr": ["10.0.0.2", "10.0.0.1", None], "srcport": pa.array([50000, 443, None], pa.int32()), "dstport": pa.array([443, 50000, None], pa.int32()),
    "protocol": pa.array([6, 6, None], pa.int32()), "bytes": pa.array([1000, 2000, None], pa.int64()), "start": pa.array([1713530096, 1713530096, 1713530096], pa.int64()),
    "end": pa.array([1713530099, 1713530098, 1713530156], pa.int64()), "log_status": ["OK", "OK", "NODATA"], "tcp_flags": pa.array([3, 19, None], pa.int32())})
pq.write_table(v, out + "vpc.parquet")
o = lambda i, a, p, b, q, n, f: {"class_uid": 4001, "activity_id": 6, "action_id": 1, "time": 1713530096500 + i, "end_time": 1713530098000, "src_endpoint": {"ip": a, "port": p}, "dst_endpoint": {"ip": b, "port": q},
    "connection_info": {"protocol_num": 6, "tcp_flags": f}, "traffic": {"bytes": n, "packets": n // 50}}
c, s = ("10.0.0.5", 50000), ("198.51.100.7", 443)
pq.write_table(pa.Table.from_pylist([o(0, *c, *s, 100, 2), o(10, *s, *c, 200, 18), o(20, *c, *s, 100, 16) | {"class_uid": 4003}]), out + "ocsf.parquet")
`

func TestParquet(t *testing.T) {
	interpreter, dir := testenv.Python(t, "pandas", "pyarrow", "fastparquet"), t.TempDir()
	if out, err := exec.CommandContext(t.Context(), interpreter, "-c", writing, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	columns := func(prefix string) map[string]string {
		m := map[string]string{"timestamp": "Start", "src_ip": "Source", "dst_ip": "Dest", "port": "DPort", "proto": "Protocol", "up_bytes": "Sent", "down_bytes": "Received"}
		for key, name := range m {
			m[key] = prefix + name
		}
		return m
	}
	const want = "1 2024-04-19 12:34:56.78 tcp 10.0.0.1:0 > 10.0.0.2:443 1000/2000\n" +
		"3 2024-04-20 00:00:00.00 udp 2001:db8::1:0 > 10.0.0.2:53 2/4\n" +
		"1 row: a required field is missing; first 2: Source\n"
	for _, name := range []string{"naive", "ms", "us", "ns", "int96", "fastparquet", "numbers", "nested"} {
		t.Run(name, func(t *testing.T) {
			opt, text := Options{Map: columns("")}, want
			if name == "nested" {
				opt.Map, text = columns("flow."), strings.Replace(want, "Source", "flow.Source", 1)
			}
			if got := formatFile(t, "parquet", filepath.Join(dir, name+".parquet"), opt); got != text {
				t.Errorf("got\n%swant\n%s", got, text)
			}
		})
	}
	t.Run("vpc", func(t *testing.T) {
		const want = "1 2024-04-19 12:34:56.00 tcp 10.0.0.1:50000 > 10.0.0.2:443 1000 one-way for 300 opened by source\n" +
			"2 2024-04-19 12:34:56.00 tcp 10.0.0.2:443 > 10.0.0.1:50000 2000 one-way for 200 opened by destination\n" +
			"1 row: record without data; first 3: NODATA\n"
		if got := formatFile(t, "vpc", filepath.Join(dir, "vpc.parquet"), Options{}); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
	t.Run("ocsf", func(t *testing.T) {
		const want = "1 2024-04-19 12:34:56.50 tcp 10.0.0.5:50000 > 198.51.100.7:443 100 one-way for 150\n" +
			"2 2024-04-19 12:34:56.51 tcp 198.51.100.7:443 > 10.0.0.5:50000 200 one-way for 149\n" +
			"1 row: record of another log; first 3: class_uid \"4003\"\n"
		path := filepath.Join(dir, "ocsf.parquet")
		if got := formatFile(t, "ocsf", path, Options{}); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if f, err := Detect([]string{path}, Options{}); err != nil || f.Name != "ocsf" {
			t.Errorf("detected as %q, %v", f.Name, err)
		}
	})
	t.Run("no column", func(t *testing.T) {
		got := formatFile(t, "parquet", filepath.Join(dir, "vpc.parquet"), Options{Map: columns("")})
		if !strings.Contains(got, `vpc.parquet: missing columns of a table read with --map: Source, Dest, DPort, Sent, Received; found "version", "interface_id"`) {
			t.Error(got)
		}
	})
	t.Run("truncated", func(t *testing.T) {
		whole, err := os.ReadFile(filepath.Join(dir, "vpc.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		path := write(t, dir, "cut.parquet", whole[:len(whole)-20])
		if got := formatFile(t, "vpc", path, Options{}); !strings.Contains(got, "the Parquet file is truncated; copy or write it again") {
			t.Error(got)
		}
	})
}

// formatFile is formatDecoded for a file.
func formatFile(t *testing.T, format, path string, opt Options) string {
	t.Helper()
	flows, summary, err := readAs(t, format, []string{path}, opt)
	text := formatDecoded(decoded{flows: flows, err: err})
	for _, c := range summary.LeftOut {
		text += count(c.Rows, "row") + ": " + string(c.Reason) + "; first " + strings.TrimPrefix(c.First, path+":") + "\n"
	}
	return text
}

// TestParquetMalformed reads the malformed files of the Parquet project: none
// makes the reader panic, and each that gives an error says in which file.
func TestParquetMalformed(t *testing.T) {
	realData(t, "parquet-testing")
	files, err := filepath.Glob("*/*.parquet")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	opt := Options{Map: map[string]string{}}
	for _, file := range files {
		for _, column := range []string{"a", "id", "value", "int32_field", "x", "timestamp_col"} {
			for key := range mapKeys {
				opt.Map[key] = column
			}
			delete(opt.Map, "total_bytes")
			_, _, err := readAs(t, "parquet", []string{file}, opt)
			if err != nil && !strings.HasPrefix(err.Error(), file+": ") {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// TestParquetFooterEnds reads files with truncated footers. The Parquet library
// returns io.EOF for them, which is not the end of the log.
func TestParquetFooterEnds(t *testing.T) {
	for _, footer := range []string{"", "\x15", "\x15\x04\x19"} {
		path := write(t, t.TempDir(), "footer.parquet", []byte("PAR1"+footer+string(rune(len(footer)))+"\x00\x00\x00PAR1"))
		_, _, err := readAs(t, "parquet", []string{path}, Options{Time: "s", Map: map[string]string{
			"timestamp": "a", "src_ip": "a", "dst_ip": "a", "port": "a", "proto": "a", "up_bytes": "a", "down_bytes": "a"}})
		if err == nil || errors.Is(err, io.EOF) || !strings.HasPrefix(err.Error(), path+": ") || strings.Count(err.Error(), path) != 1 {
			t.Errorf("footer %q: %v", footer, err)
		}
	}
}
