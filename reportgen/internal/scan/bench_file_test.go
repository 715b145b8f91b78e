package scan

import (
	"os"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
)

// benchFile returns the file that `make bench` measures with.
func benchFile(b *testing.B) string {
	path := os.Getenv("FLOWBOOK_BENCH_FILE")
	if path == "" {
		b.Skip("FLOWBOOK_BENCH_FILE names no flow file; make bench sets it")
	}
	return path
}

// BenchmarkFile scans a file, and beside it only decodes its columns.
func BenchmarkFile(b *testing.B) {
	path := benchFile(b)
	b.Run("scan", func(b *testing.B) {
		for b.Loop() {
			if _, err := File(b.Context(), path, Options{}); err != nil {
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
	p, err := File(b.Context(), path, Options{})
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
