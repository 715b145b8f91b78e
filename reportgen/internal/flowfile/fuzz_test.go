package flowfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/parquet-go/parquet-go"
)

// FuzzFile reads files that were damaged in any way: each ends with a profile
// that can be encoded or an error that names the file, never with a panic. The
// seeds are small files in every way that the package's tests write them.
func FuzzFile(f *testing.F) {
	flows := someFlows(40, 19)
	for _, path := range []string{
		writeFlows(f, flows),
		writeRows(f, plainRows(flows), parquet.MaxRowsPerRowGroup(15)),
		writeRows(f, plainRows(flows), parquet.Compression(&parquet.Snappy), parquet.DataPageVersion(1), parquet.PageBufferSize(100)),
		writeRows(f, []loose{good(), good(), {}}, parquet.Compression(&parquet.Gzip)),
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	path := filepath.Join(f.TempDir(), "fuzz.parquet")
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			t.Skip("only small files find anything in time")
		}
		readBytes(t, path, b)
		// Rows by a filter go by indexes and statistics, which may be anything too.
		q := flowfile.Filter{Src: flows[0].Src, From: flow.Hour, To: 20 * flow.Hour}
		for r, err := range flowfile.Rows(t.Context(), path, q) {
			if err == nil && !q.Match(r) {
				t.Errorf("%+v does not match", r)
			}
		}
	})
}
