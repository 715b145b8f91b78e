package flowfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/parquet-go/parquet-go"
	"golang.org/x/sync/errgroup"
)

const benchFlows = 1_000_000

// dayOfFlows returns a day as an office of 200 hosts makes it: each host has
// some hundred web servers of its own liking, and asks the two DNS servers.
func dayOfFlows(n int) []flow.Record {
	r := rand.New(rand.NewPCG(1, 1))
	popular := rand.NewZipf(r, 1.1, 10, 399)
	flows := make([]flow.Record, n)
	for i := range flows {
		host := r.IntN(200)
		hour := 8 + 4*r.Float64() + 6*r.Float64()
		f := flow.Record{
			Time: flow.Time(hour * float64(flow.Hour)),
			Src:  netip.AddrFrom4([4]byte{192, 168, 100, byte(10 + host)}),
		}
		if r.IntN(8) == 0 {
			f.Dst, f.Proto, f.Port = netip.AddrFrom4([4]byte{192, 168, 100, byte(225 + 9*r.IntN(2))}), flow.UDP, 53
			f.Up = int64(150 * math.Exp(r.NormFloat64()/2))
			f.Down = int64(2.3 * float64(f.Up))
		} else {
			server := (int(popular.Uint64()) + 17*host) % 3000
			f.Dst, f.Proto, f.Port = netip.AddrFrom4([4]byte{byte(20 + server%200), byte(server >> 4), byte(server), 1}), flow.TCP, 443
			f.Up = int64(9000 * math.Exp(r.NormFloat64()))
			f.Down = int64(float64(f.Up) * 9.25 * math.Exp(r.NormFloat64()/3))
		}
		flows[i] = f
	}
	slices.SortFunc(flows, flow.Compare)
	return flows
}

// The rows of pandas' two engines: dictionaries and snappy as pyarrow writes
// them, plain text and numbers in one page a column as fastparquet does.
type pyarrowRow struct {
	Time  int64  `parquet:"timestamp,optional"`
	Src   string `parquet:"src_ip,optional,dict"`
	Dst   string `parquet:"dst_ip,optional,dict"`
	Proto string `parquet:"proto,optional,dict"`
	Port  int64  `parquet:"port,optional,dict"`
	Up    int64  `parquet:"up_bytes,optional"`
	Down  int64  `parquet:"down_bytes,optional"`
}

type fastparquetRow struct {
	Time  int64  `parquet:"timestamp"`
	Src   string `parquet:"src_ip,plain"`
	Dst   string `parquet:"dst_ip,plain"`
	Proto string `parquet:"proto,plain"`
	Port  int64  `parquet:"port"`
	Up    int64  `parquet:"up_bytes"`
	Down  int64  `parquet:"down_bytes"`
}

// benchFiles writes the same day in the three ways.
func benchFiles(b *testing.B) map[string]string {
	folder := b.TempDir()
	flows := dayOfFlows(benchFlows)
	write := func(name string, write func(w io.Writer) error) string {
		var buffer bytes.Buffer
		if err := write(&buffer); err != nil {
			b.Fatal(err)
		}
		path := filepath.Join(folder, name+".parquet")
		if err := os.WriteFile(path, buffer.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	return map[string]string{
		"pyarrow": write("pyarrow", func(w io.Writer) error {
			p := parquet.NewGenericWriter[pyarrowRow](w, parquet.Compression(&parquet.Snappy), parquet.PageBufferSize(1<<20), parquet.DataPageVersion(1))
			for _, f := range flows {
				if _, err := p.Write([]pyarrowRow{{int64(f.Time), f.Src.String(), f.Dst.String(), f.Proto.String(), int64(f.Port), f.Up, f.Down}}); err != nil {
					return err
				}
			}
			return p.Close()
		}),
		"fastparquet": write("fastparquet", func(w io.Writer) error {
			p := parquet.NewGenericWriter[fastparquetRow](w, parquet.PageBufferSize(64<<20), parquet.DataPageVersion(1))
			for _, f := range flows {
				if _, err := p.Write([]fastparquetRow{{int64(f.Time), f.Src.String(), f.Dst.String(), f.Proto.String(), int64(f.Port), f.Up, f.Down}}); err != nil {
					return err
				}
			}
			return p.Close()
		}),
		"flowbook": write("flowbook", func(w io.Writer) error {
			p := NewWriter(w)
			for _, f := range flows {
				if err := p.Write(f); err != nil {
					return err
				}
			}
			return p.Close()
		}),
	}
}

// BenchmarkWriters reads a day of a million flows to its profile. Beside it,
// BenchmarkDecode only decodes the seven columns, with the same parallelism.
func BenchmarkWriters(b *testing.B) {
	benchmarkFiles(b, func(path string) error {
		p, err := Profile(b.Context(), path, Options{})
		if err == nil && p.Total().Flows != benchFlows {
			err = fmt.Errorf("%d flows", p.Total().Flows)
		}
		return err
	})
}

func BenchmarkDecode(b *testing.B) {
	benchmarkFiles(b, func(path string) error { return decodeOnly(b.Context(), path) })
}

func benchmarkFiles(b *testing.B, read func(path string) error) {
	files := benchFiles(b)
	for _, name := range []string{"pyarrow", "fastparquet", "flowbook"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := read(files[name]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(benchFlows*float64(b.N)/b.Elapsed().Seconds(), "flows/s")
		})
	}
}

// decodeOnly reads all pages of the seven columns, a goroutine a column.
func decodeOnly(ctx context.Context, path string) error {
	f, err := open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range f.metadata.RowGroups {
		for _, col := range f.present {
			g.Go(func() error {
				c, err := f.openChunk(f.reader, i, col, newBook(), nil)
				if err != nil {
					return err
				}
				defer c.close()
				for {
					p, err := c.pages.ReadPage()
					if err == io.EOF {
						return nil
					}
					if err != nil {
						return err
					}
					parquet.Release(p)
				}
			})
		}
	}
	return g.Wait()
}

// benchFile returns the file that `make bench` measures with.
func benchFile(b *testing.B) string {
	path := os.Getenv("FLOWBOOK_BENCH_FILE")
	if path == "" {
		b.Skip("FLOWBOOK_BENCH_FILE names no flow file; make bench sets it")
	}
	return path
}

// BenchmarkProfile profiles a file, and beside it only decodes its columns.
func BenchmarkProfile(b *testing.B) {
	path := benchFile(b)
	b.Run("profile", func(b *testing.B) {
		for b.Loop() {
			if _, err := Profile(b.Context(), path, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			if err := decodeOnly(b.Context(), path); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRowsOf reads all flows of a file, and beside it those of one pair
// in the middle of the pairs, and those of one source in one minute.
func BenchmarkRowsOf(b *testing.B) {
	path := benchFile(b)
	p, err := Profile(b.Context(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	pairs := p.Pairs()
	pair := pairs[len(pairs)/2]
	read := func(b *testing.B, q Filter, want int64) {
		for b.Loop() {
			n := int64(0)
			for _, err := range Rows(b.Context(), path, q) {
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != want {
				b.Fatalf("%d flows, want %d", n, want)
			}
		}
	}
	b.Run("all", func(b *testing.B) { read(b, Filter{}, p.Total().Flows) })
	b.Run("pair", func(b *testing.B) { read(b, Filter{Src: pair.Src, Dst: pair.Dst}, pair.Flows) })
	b.Run("minute", func(b *testing.B) {
		q := Filter{Src: pair.Src, From: 12 * flow.Hour, To: 12*flow.Hour + flow.Minute}
		for b.Loop() {
			for _, err := range Rows(b.Context(), path, q) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
