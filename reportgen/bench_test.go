package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// benchInput returns a file or folder that `make bench` measures with.
func benchInput(b *testing.B, variable string) string {
	path := os.Getenv(variable)
	if path == "" {
		b.Skip(variable + " is not set; make bench sets it")
	}
	return path
}

// command runs reportgen, which must succeed.
func command(b *testing.B, args ...string) {
	b.Helper()
	var stderr bytes.Buffer
	if code := run(b.Context(), args, io.Discard, &stderr); code != exit.Done {
		b.Fatalf("reportgen %q: exit status %d:\n%s", args, code, &stderr)
	}
}

// BenchmarkDetect makes the findings of two days whose profiles are cached.
func BenchmarkDetect(b *testing.B) {
	days := benchInput(b, "FLOWBOOK_BENCH_DAYS")
	in := func(name string) string { return filepath.Join(days, name) }
	detect := func() {
		command(b, "detect", "--baseline", in("data.parquet"), "--test", in("test.parquet"),
			"--country", in("country.mmdb"), "--asn", in("asn.mmdb"), "--format", "json")
	}
	detect()
	for b.Loop() {
		detect()
	}
}

// BenchmarkUnchanged makes the report of days and notebooks again that did not
// change.
func BenchmarkUnchanged(b *testing.B) {
	days := benchInput(b, "FLOWBOOK_BENCH_DAYS")
	args := []string{"run", "-o", filepath.Join(b.TempDir(), "report")}
	for _, input := range []struct{ parameter, name string }{
		{"baseline", "data.parquet"}, {"test", "test.parquet"}, {"servers", "servers.parquet"},
		{"country", "country.mmdb"}, {"asn", "asn.mmdb"},
	} {
		args = append(args, "-p", input.parameter+"="+filepath.Join(days, input.name))
	}
	args = append(args, filepath.Join("..", "notebooks"))
	command(b, args...)
	for b.Loop() {
		command(b, args...)
	}
}

// BenchmarkImport imports a Zeek log to a flow file.
func BenchmarkImport(b *testing.B) {
	log := benchInput(b, "FLOWBOOK_BENCH_LOG")
	out := filepath.Join(b.TempDir(), "day.parquet")
	for b.Loop() {
		command(b, "import", "--from", "zeek", log, "-o", out)
	}
}
