package flowfile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

func TestWriterKeepsEverything(t *testing.T) {
	flows := someFlows(30_000, 16)
	if diff := cmp.Diff(flows, rowsOf(t, writeFlows(t, flows), flowfile.Filter{}), addrs); diff != "" {
		t.Error(diff)
	}
}

func TestWriterIsDeterministic(t *testing.T) {
	flows := someFlows(30_000, 17)
	write := func() []byte {
		b, err := os.ReadFile(writeFlows(t, flows))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(write(), write()) {
		t.Error("the same flows gave different bytes")
	}
}

func TestWriterRefuses(t *testing.T) {
	a := netip.MustParseAddr("10.0.0.1")
	ok := flow.Record{Src: a, Dst: a, Proto: flow.TCP}
	for _, c := range []struct {
		text  string
		spoil func(*flow.Record)
	}{
		{flowfile.ReasonAddress, func(r *flow.Record) { r.Src = netip.Addr{} }},
		{flowfile.ReasonAddress, func(r *flow.Record) { r.Dst = netip.MustParseAddr("fe80::1%eth0") }},
		{flowfile.ReasonTime, func(r *flow.Record) { r.Time = flow.Day }},
		{flowfile.ReasonBytes, func(r *flow.Record) { r.Up = -1 }},
		{flowfile.ReasonBytes, func(r *flow.Record) { r.Down = -1 }},
	} {
		w := flowfile.NewWriter(&bytes.Buffer{})
		bad := ok
		c.spoil(&bad)
		if err := errors.Join(w.Write(ok), w.Write(bad)); err == nil || !strings.HasPrefix(err.Error(), "flow 1: "+c.text) {
			t.Errorf("%+v: error %v", bad, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCreateLeavesNothingOnAbort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.parquet")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := flowfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range someFlows(20_000, 18) {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("left %v, error %v", left, err)
	}
	if b, err := os.ReadFile(path); string(b) != "before" {
		t.Errorf("the file holds %d bytes, error %v", len(b), err)
	}
	if _, err := flowfile.Create(filepath.Join(t.TempDir(), "no", "folder.parquet")); err == nil {
		t.Error("a file was begun in a folder that does not exist")
	}
}

func TestAbortAfterClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.parquet")
	w, err := flowfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(someFlows(1, 1)[0]), w.Close(), w.Abort()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// WriteRecords leaves nothing if it is canceled.
func TestWriteRecords(t *testing.T) {
	flows := someFlows(10, 16)
	path := filepath.Join(t.TempDir(), "day.parquet")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := flowfile.WriteRecords(canceled, path, slices.Values(flows)); !errors.Is(err, context.Canceled) {
		t.Errorf("%d flows, %v; want an error", n, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	n, err := flowfile.WriteRecords(t.Context(), path, slices.Values(flows))
	if err != nil || n != int64(len(flows)) {
		t.Fatalf("%d flows, %v", n, err)
	}
	if diff := cmp.Diff(flows, rowsOf(t, path, flowfile.Filter{}), addrs); diff != "" {
		t.Error(diff)
	}
}

// Spark 3 and Trino read numbers that are plain, from a dictionary or delta encoded. Sample
// days are smaller.
func TestWidelyReadEncodings(t *testing.T) {
	record := flow.Record{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), Proto: flow.TCP, Port: 443, Up: 5, Down: 7}
	for name, newWriter := range map[string]func(io.Writer) *flowfile.Writer{
		"imported": flowfile.NewWriter, "detailed": flowfile.NewDetailedWriter, "sample": flowfile.NewSampleWriter,
	} {
		var b bytes.Buffer
		w := newWriter(&b)
		if err := errors.Join(w.Write(record), w.Close()); err != nil {
			t.Fatal(err)
		}
		f, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range f.Metadata().RowGroups[0].Columns {
			for _, e := range c.MetaData.Encoding {
				split := e.String() == "BYTE_STREAM_SPLIT"
				if path := c.MetaData.PathInSchema[0]; split != (name == "sample" && strings.HasSuffix(path, "_bytes")) {
					t.Errorf("%s: %s: %s", name, path, e)
				}
			}
		}
	}
}
