package flowfile_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

// someFlows returns n flows of a small network: a few hosts, IPv6 among them,
// that ask two DNS servers and many web servers, in order of time.
func someFlows(n int, seed uint64) []flow.Record {
	r := rand.New(rand.NewPCG(seed, 0))
	host := func(i int) netip.Addr {
		if i%10 == 9 {
			return netip.AddrFrom16([16]byte{0xfd, 0, 0, 1, 15: byte(i)})
		}
		return netip.AddrFrom4([4]byte{192, 168, 100, byte(10 + i)})
	}
	server := func(i int) netip.Addr {
		if i%7 == 6 {
			return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 13: byte(i >> 8), 14: byte(i), 15: 1})
		}
		return netip.AddrFrom4([4]byte{byte(20 + i%180), byte(i), byte(i >> 3), 7})
	}
	flows := make([]flow.Record, n)
	for i := range flows {
		src := r.IntN(20)
		f := flow.Record{Time: flow.Time(r.IntN(int(flow.Day))), Src: host(src), Proto: flow.TCP, Port: 443}
		if r.IntN(8) == 0 {
			f.Dst, f.Proto, f.Port = host(200+r.IntN(2)), flow.UDP, 53
			f.Up = int64(50 + r.IntN(200))
		} else {
			f.Dst = server(src + int(60*r.ExpFloat64()))
			f.Up = int64(math.Exp(9 + r.NormFloat64()))
		}
		f.Down = int64(float64(f.Up) * 9 * math.Exp(r.NormFloat64()/3))
		flows[i] = f
	}
	slices.SortFunc(flows, flow.Compare)
	return flows
}

// writeFlows writes a flow file in a temporary folder and returns its path.
func writeFlows(t testing.TB, flows []flow.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "day.parquet")
	w, err := flowfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range flows {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// built adds flows up without a file: what reading a file must come to.
func built(flows []flow.Record) *profile.Profile {
	b := profile.NewBuilder()
	for _, f := range flows {
		b.Add(f)
	}
	return b.Profile()
}

// encoded returns the bytes of a profile without its sources.
func encoded(t testing.TB, p *profile.Profile) []byte {
	t.Helper()
	q := *p
	q.Sources = nil
	var b bytes.Buffer
	if err := profile.Encode(&b, &q); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFileIsWhatWasWritten(t *testing.T) {
	flows := someFlows(40_000, 1)
	path := writeFlows(t, flows)
	for _, workers := range []int{0, 1, 2, 7} {
		p, err := flowfile.Profile(t.Context(), path, flowfile.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, p), encoded(t, built(flows))) {
			t.Errorf("%d workers: the profile of the file differs from that of its flows", workers)
		}
		if s := p.Sources; len(s) != 1 || s[0].Name != "day.parquet" || s[0].Rows != 40_000 || len(s[0].SHA256) != 64 {
			t.Errorf("sources %+v", s)
		}
	}
}

// However a log is split over files, the profile has the same bytes.
func TestSplitFilesGiveTheSameBytes(t *testing.T) {
	flows := someFlows(20_000, 2)
	want := encoded(t, built(flows))
	r := rand.New(rand.NewPCG(3, 3))
	for range 5 {
		parts := 2 + r.IntN(6)
		split := make([][]flow.Record, parts)
		for _, f := range flows {
			i := r.IntN(parts)
			split[i] = append(split[i], f)
		}
		var paths []string
		for _, part := range split {
			paths = append(paths, writeFlows(t, part))
		}
		p, err := flowfile.ProfileAll(t.Context(), paths, flowfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, p), want) {
			t.Errorf("split over %d files the profile differs", parts)
		}
	}
}

func TestFilesRefusesTheSameFlowsTwice(t *testing.T) {
	flows := someFlows(100, 22)
	a, b := writeFlows(t, flows), writeFlows(t, flows)
	_, err := flowfile.ProfileAll(t.Context(), []string{a, b}, flowfile.Options{})
	if !errors.Is(err, flowfile.ErrSameFlows) || !strings.HasPrefix(err.Error(), b) || !strings.HasSuffix(err.Error(), a) {
		t.Errorf("error %v", err)
	}
	if _, err := flowfile.ProfileAll(t.Context(), nil, flowfile.Options{}); err == nil {
		t.Error("no file gave a profile")
	}
}

func TestProgress(t *testing.T) {
	path := writeFlows(t, someFlows(40_000, 4))
	var last int64
	_, err := flowfile.Profile(t.Context(), path, flowfile.Options{Progress: func(rows, total int64) {
		if rows <= last || total != 40_000 {
			t.Errorf("progress from %d to %d of %d", last, rows, total)
		}
		last = rows
	}})
	if err != nil || last != 40_000 {
		t.Errorf("last progress %d, error %v", last, err)
	}
}

func TestCancel(t *testing.T) {
	// The reader is at most a few batches ahead of the first progress report, so
	// it cannot have read them all.
	path := writeFlows(t, someFlows(40*16<<10, 5))
	ctx, cancel := context.WithCancel(t.Context())
	_, err := flowfile.Profile(ctx, path, flowfile.Options{Workers: 1, Progress: func(int64, int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after a cancellation: %v", err)
	}
}

// The error names the first of several bad files, however many are read
// concurrently and whichever fails first.
func TestFirstOfBadFiles(t *testing.T) {
	var paths []string
	for i := range 12 {
		flows := someFlows(50, uint64(100+i))
		if i == 5 { // the first bad file takes longest to fail
			flows = someFlows(40_000, 105)
		}
		paths = append(paths, writeRows(t, plainRows(flows)))
	}
	damageUpBytes(t, paths[5], 0)
	damageUpBytes(t, paths[6], 0)
	if err := os.Truncate(paths[8], 100); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		_, err := flowfile.ProfileAll(t.Context(), paths, flowfile.Options{Workers: 4})
		e, ok := errors.AsType[*flowfile.Error](err)
		if !ok || e.File != paths[5] || e.Column != flow.ColUp || !errors.Is(err, flowfile.ErrDamaged) {
			t.Fatalf("the first bad file is %s, not: %v", paths[5], err)
		}
	}
}

func ExampleFile() {
	dir, err := os.MkdirTemp("", "flows")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	w, err := flowfile.Create(filepath.Join(dir, "day.parquet"))
	if err != nil {
		panic(err)
	}
	err = cmp.Or(w.Write(flow.Record{
		Time: 9 * flow.Hour, Proto: flow.TCP, Port: 443, Up: 1200, Down: 9000,
		Src: netip.MustParseAddr("192.168.100.35"), Dst: netip.MustParseAddr("142.250.184.196"),
	}), w.Close())
	if err != nil {
		panic(err)
	}
	p, err := flowfile.Profile(context.Background(), filepath.Join(dir, "day.parquet"), flowfile.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Sources[0].Name, p.Total())
	// Output: day.parquet {1 1200 9000}
}

// However a file is cut into row groups and pages, and whatever its
// compression, the profile has the same bytes.
func TestSplitInsideAFileGivesTheSameBytes(t *testing.T) {
	flows := someFlows(20_000, 20)
	want := encoded(t, built(flows))
	r := rand.New(rand.NewPCG(21, 21))
	codecs := []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd}
	for i := range 10 {
		rows, page := 1+r.Int64N(25_000), 100+r.IntN(100_000)
		path := writeRows(t, plainRows(flows), parquet.MaxRowsPerRowGroup(rows), parquet.PageBufferSize(page),
			parquet.DataPageVersion(1+i%2), parquet.Compression(codecs[i%len(codecs)]))
		p, err := flowfile.Profile(t.Context(), path, flowfile.Options{Workers: 1 + r.IntN(5)})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, p), want) {
			t.Errorf("%d rows a row group, %d bytes a page: the profile differs", rows, page)
		}
	}
}
