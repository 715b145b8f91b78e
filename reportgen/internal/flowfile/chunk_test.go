package flowfile

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/parquet-go/parquet-go"
)

// Real files of every encoding, compression and type, malformed ones among
// them, have other columns than flows. Here each of their columns is read as if
// it were a flow's: as numbers, and as addresses. There must be no panic.
func TestEveryColumn(t *testing.T) {
	root := testenv.Data(t, "parquet-testing")
	good, err1 := filepath.Glob(filepath.Join(root, "data", "*.parquet"))
	bad, err2 := filepath.Glob(filepath.Join(root, "bad_data", "*.parquet"))
	if err1 != nil || err2 != nil || len(good) < 50 || len(bad) != 8 {
		t.Fatalf("%d good files, %d bad, errors %v, %v", len(good), len(bad), err1, err2)
	}
	whole, failed := 0, 0
	for _, path := range append(good, bad...) {
		w, f := readAll(t, path)
		whole, failed = whole+w, failed+f
	}
	if whole < 100 || failed < 8 {
		t.Errorf("%d columns were read, %d failed", whole, failed)
	}
}

// readAll reads every column of a file and counts those that could be read,
// and those, or the file, that could not.
func readAll(t *testing.T, path string) (whole, failed int) {
	o, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = o.Close() }()
	info, err := o.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f := &file{path: path, os: o, reader: o, size: info.Size()}
	if checkEnds(o, f.size) != nil || f.readFooter() != nil {
		return 0, 1
	}
	for _, leaf := range f.schema.Root().Columns() {
		if !leaf.Leaf() || leaf.Repeated() {
			continue // refused before any of it is read
		}
		for _, as := range []int{PlaceUp, PlaceSrc} {
			if readAs(f, leaf, as) == nil {
				whole++
			} else {
				failed++
			}
		}
	}
	return whole, failed
}

// readAs reads all row groups of a column as another one.
func readAs(f *file, leaf *parquet.Column, as int) error {
	c := column{name: flow.Columns[as], source: leaf, kind: leaf.Type().Kind()}
	if c.kind == parquet.FixedLenByteArray {
		c.length = leaf.Type().Length()
	}
	f.columns[as] = c
	for i := range f.metadata.RowGroups {
		if err := f.readColumn(context.Background(), i, as); err != nil {
			return err
		}
	}
	return nil
}
