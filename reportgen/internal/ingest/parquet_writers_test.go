package ingest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// parquetWriters write the same two flows, in types that only some writers use. A file
// whose name begins with day has the date and the time of day in two columns.
var parquetWriters = map[string]string{
	"pyarrow": `
import datetime as d, decimal, ipaddress, sys
import pyarrow as pa, pyarrow.parquet as pq
out = sys.argv[1] + "/"
base = {"ts": pa.array([1713530096.5, 1713530097.0]), "src": ["10.0.0.5"] * 2, "dst": ["198.51.100.7"] * 2, "proto": ["tcp", "udp"],
    "dport": pa.array([443, 53], pa.uint16()), "up": pa.array([100, 123456789012]), "down": pa.array([200, 2])}
def write(name, compression="snappy", drop=(), options={}, **columns):
    pq.write_table(pa.table({k: v for k, v in {**base, **columns}.items() if k not in drop}), out + name + ".parquet", compression=compression, **options)
for codec in "lz4", "brotli", "gzip", "zstd":
    write(codec, codec)
D = decimal.Decimal
write("decimals", ts=pa.array([D("1713530096.500001"), D(1713530097)], pa.decimal128(38, 6)), up=pa.array([D(100), D(123456789012)], pa.decimal256(60, 3)), down=pa.array([D(200), D(2)], pa.decimal64(18, 1)))
start = [d.datetime(2024, 4, 19, 12, 34, 56, 500000), d.datetime(2024, 4, 19, 12, 34, 57)]
for unit in "ms", "us", "ns":
    write("moments-" + unit, ts=pa.array(start, pa.timestamp(unit)))
    write("moments-utc-" + unit, ts=pa.array(start, pa.timestamp(unit, "UTC")))
for unit in "ms", "us", "ns":
    write("day-" + unit, drop=["ts"], day=pa.array([s.date() for s in start]), tod=pa.array([s.time() for s in start], (pa.time32 if unit == "ms" else pa.time64)(unit)))
a = ipaddress.ip_address("10.0.0.5")
write("numbers", src=pa.array([int(a)] * 2, pa.uint32()))
write("long-numbers", src=pa.array([int(a)] * 2, pa.int64()))
write("four-bytes", src=pa.array([a.packed] * 2, pa.binary(4)))
write("sixteen-bytes", src=pa.array([ipaddress.ip_address("::ffff:10.0.0.5").packed] * 2, pa.binary(16)))
write("bytes", src=pa.array([a.packed] * 2, pa.binary()))
write("padded", src=pa.array([b"10.0.0.5".ljust(16, b"\0")] * 2, pa.binary(16)))
write("second-pages", "brotli", options={"data_page_version": "2.0", "use_dictionary": False, "write_page_checksum": True})
write("encodings", options={"use_dictionary": False, "column_encoding": {"ts": "BYTE_STREAM_SPLIT", "up": "DELTA_BINARY_PACKED", "down": "BYTE_STREAM_SPLIT", "src": "DELTA_BYTE_ARRAY", "dst": "DELTA_LENGTH_BYTE_ARRAY"}})
write("moments-int96", options={"use_deprecated_int96_timestamps": True}, ts=pa.array(start, pa.timestamp("ns")))
write("row-groups", options={"row_group_size": 1, "write_statistics": False})
write("narrow", proto=pa.array([6, 17], pa.int8()), dport=pa.array([443, 53], pa.float32()), up=pa.array([100, 123456789012], pa.uint64()))
write("texts", src=pa.array(["10.0.0.5"] * 2, pa.string_view()), dst=pa.array(["198.51.100.7"] * 2, pa.large_string()), up=pa.array(["100", "123456789012"]))
write("beside", lists=pa.array([[1, 2], []]), maps=pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int32())), nothing=pa.nulls(2), pair=pa.array([{"a": 1}, None]))
write("dictionaries", src=pa.array(["10.0.0.5"] * 2).dictionary_encode(), proto=pa.array(["TCP  ", " udp"]).dictionary_encode())
`,
	"duckdb": `
import duckdb, sys
rows = """select make_timestamp(1713530096500000 + 500000 * i) ts, '10.0.0.5' src, '198.51.100.7' dst, if(i = 0, 'tcp', 'udp') proto, if(i = 0, 443, 53)::usmallint dport,
    if(i = 0, 100, 123456789012)::%s up, if(i = 0, 200, 2)::%s down from range(2) r(i)"""
for name, kinds, options in (("duckdb-lz4", ("hugeint", "decimal(38,2)"), "compression lz4_raw"), ("duckdb-v2", ("bigint", "double"), "parquet_version v2"), ("duckdb-zstd", ("ubigint", "decimal(4,1)"), "compression zstd")):
    duckdb.sql(f"copy ({rows % kinds}) to '{sys.argv[1]}/{name}.parquet' (format parquet, {options})")
`,
	"polars": `
import datetime as d, sys
import polars as pl
f = pl.DataFrame({"ts": [d.datetime(2024, 4, 19, 12, 34, 56, 500000), d.datetime(2024, 4, 19, 12, 34, 57)], "src": ["10.0.0.5"] * 2, "dst": ["198.51.100.7"] * 2, "proto": ["tcp", "udp"],
    "dport": [443, 53], "up": [100, 123456789012], "down": [200, 2]}, schema_overrides={"dport": pl.UInt16, "proto": pl.Categorical, "up": pl.UInt64})
for codec in "lz4", "zstd", "snappy", "uncompressed":
    f.write_parquet(f"{sys.argv[1]}/polars-{codec}.parquet", compression=codec)
f.with_columns(pl.col("up").cast(pl.Decimal(20, 2)), pl.col("ts").dt.replace_time_zone("UTC").dt.cast_time_unit("ns")).write_parquet(sys.argv[1] + "/polars-decimal.parquet")
f.with_columns(day=pl.col("ts").dt.date(), tod=pl.col("ts").dt.time()).drop("ts").write_parquet(sys.argv[1] + "/day-polars.parquet")
`,
}

func TestParquetWriters(t *testing.T) {
	const want = "2024-04-19 12:34:56.50 10.0.0.5 > 198.51.100.7:443 100/200\n2024-04-19 12:34:57.00 10.0.0.5 > 198.51.100.7:53 123456789012/2\n"
	for writer, script := range parquetWriters {
		t.Run(writer, func(t *testing.T) {
			interpreter, dir := testenv.Python(t, writer), t.TempDir()
			if out, err := exec.CommandContext(t.Context(), interpreter, "-c", script, dir).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
			if err != nil || len(files) < 3 {
				t.Fatalf("%v, %v", files, err)
			}
			for _, file := range files {
				opt := Options{Map: map[string]string{"timestamp": "ts", "src_ip": "src", "dst_ip": "dst", "port": "dport", "up_bytes": "up", "down_bytes": "down"}}
				if strings.HasPrefix(filepath.Base(file), "day") {
					opt.Map["date"], opt.Map["timestamp"] = "day", "tod"
				}
				flows, _, err := readAs(t, "parquet", []string{file}, opt)
				if err != nil {
					t.Error(err)
					continue
				}
				if got, _ := paired(t, &Sorter{}, flows); got != want {
					t.Errorf("%s:\n%s", filepath.Base(file), got)
				}
			}
		})
	}
}

// TestPartitionsAreContent reads files with the same content in folders that say that
// their rows differ.
func TestPartitionsAreContent(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "proto=tcp/a.csv", []byte("same"))
	b := write(t, dir, "proto=udp/a.csv", []byte("same"))
	c := write(t, dir, "proto=udp/copy.csv", []byte("same"))
	if copies, err := Copies([]string{a, b, c}); err != nil || len(copies) != 1 || copies[0] != c {
		t.Errorf("copies %v, %v", copies, err)
	}
}

// TestParquetDurations reads durations in the types that writers have for them. Parquet has none: Arrow's writers
// name the unit in the schema that they add.
func TestParquetDurations(t *testing.T) {
	for writer, script := range map[string]string{
		"pyarrow": `
import datetime as d, sys, pyarrow as pa, pyarrow.parquet as pq
for unit, n in ("s", 90061), ("ms", 90061250), ("us", 90061250000), ("ns", 90061250000000):
    pq.write_table(pa.table({"other": pa.array([1], pa.int64()), "ts": [1713530096], "src": ["10.0.0.5"], "dst": ["198.51.100.7"], "dport": [443], "took": pa.array([n], pa.duration(unit)), "up": [1], "down": [2]}), f"{sys.argv[1]}/{unit}.parquet")
`,
		"polars": `
import datetime as d, sys, polars as pl
for unit in "ms", "us", "ns":
    pl.DataFrame({"ts": [1713530096], "src": ["10.0.0.5"], "dst": ["198.51.100.7"], "dport": [443], "took": [d.timedelta(seconds=90061.25)], "up": [1], "down": [2]}, schema_overrides={"took": pl.Duration(unit)}).write_parquet(f"{sys.argv[1]}/{unit}.parquet")
`,
		"duckdb": `
import duckdb, sys
duckdb.sql(f"copy (select 1713530096 ts, '10.0.0.5' src, '198.51.100.7' dst, 443 dport, interval 1 day + interval 3661250 millisecond took, 1 up, 2 down) to '{sys.argv[1]}/interval.parquet'")
`,
	} {
		t.Run(writer, func(t *testing.T) {
			interpreter, dir := testenv.Python(t, writer), t.TempDir()
			if out, err := exec.CommandContext(t.Context(), interpreter, "-c", script, dir).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
			if err != nil || len(files) == 0 {
				t.Fatalf("%v, %v", files, err)
			}
			for _, file := range files {
				flows, _, err := readAs(t, "parquet", []string{file}, Options{
					Map: map[string]string{"timestamp": "ts", "src_ip": "src", "dst_ip": "dst", "port": "dport", "duration": "took", "up_bytes": "up", "down_bytes": "down"},
					Set: map[string]string{"proto": "tcp"},
				})
				if err != nil || len(flows) != 1 {
					t.Errorf("%s: %v, %v", filepath.Base(file), flows, err)
				} else if got := flows[0].Duration.Hundredths(); got != 9006125 && got != 9006100 {
					t.Errorf("%s: %d hundredths", filepath.Base(file), got)
				}
			}
		})
	}
}
