package scan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/parquet-go/parquet-go"
)

// Real files of every encoding, compression and type, malformed ones among
// them, have other columns than flows. Here each of their columns is read as if
// it were a flow's: as numbers, and as addresses. There must be no panic.
func TestEveryColumn(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "data", "parquet-testing")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no parquet-testing in the shared data")
	}
	good, err1 := filepath.Glob(filepath.Join(root, "data", "*.parquet"))
	bad, err2 := filepath.Glob(filepath.Join(root, "bad_data", "*.parquet"))
	if err1 != nil || err2 != nil || len(good) < 50 || len(bad) != 8 {
		t.Fatalf("%d good files, %d bad, errors %v, %v", len(good), len(bad), err1, err2)
	}
	whole, failed := 0, 0
	for _, path := range append(good, bad...) {
		o, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		info, err := o.Stat()
		if err != nil {
			t.Fatal(err)
		}
		f := &file{path: path, os: o, size: info.Size()}
		if checkEnds(o, f.size) != nil || f.readFooter() != nil {
			failed++
			continue
		}
		for _, leaf := range f.parquet.Root().Columns() {
			if !leaf.Leaf() || leaf.Repeated() {
				continue // refused before any of it is read
			}
			for _, as := range []int{colUp, colSrc} {
				switch err := readAs(f, leaf, as); err {
				case nil:
					whole++
				default:
					failed++
				}
			}
		}
	}
	if whole < 100 || failed < 8 {
		t.Errorf("%d columns were read, %d failed", whole, failed)
	}
}

// readAs reads all row groups of a column as another one.
func readAs(f *file, leaf *parquet.Column, as int) (err error) {
	c := column{name: flow.Columns[as], leaf: leaf.Index(), kind: leaf.Type().Kind()}
	if c.kind == parquet.FixedLenByteArray {
		c.length = leaf.Type().Length()
	}
	f.columns[as] = c
	for i, g := range f.parquet.RowGroups() {
		chunk, err := f.openChunk(i, as, newBook())
		if err != nil {
			return err
		}
		defer chunk.close()
		for left := g.NumRows(); left > 0; left -= batchRows {
			var v vector
			n := int(min(left, batchRows))
			v.resize(c.coded(), n)
			if err := chunk.fill(&v, n); err != nil {
				return err
			}
		}
		if err := chunk.finished(); err != nil {
			return err
		}
	}
	return nil
}
