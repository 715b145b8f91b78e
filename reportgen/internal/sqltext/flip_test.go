package sqltext

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// TestFlippedBits flips bits of tables that DuckDB wrote: the profile is the same, or there is an error. With
// $FLOWBOOK_FLIPS, `make flips`, it flips that many.
func TestFlippedBits(t *testing.T) {
	flips := 150
	if n, err := strconv.Atoi(os.Getenv("FLOWBOOK_FLIPS")); err == nil {
		flips = n
	}
	dir := t.TempDir()
	day := filepath.Join(dir, "day.parquet")
	f, err := os.Create(day)
	if err != nil {
		t.Fatal(err)
	}
	w, r := flowfile.NewDetailedWriter(f), rand.New(rand.NewPCG(16, 1))
	for i, record := range someFlows(r, 300) {
		detail(r, i, &record)
		if err := w.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var sql []string
	for _, s := range duckDB.aggregates(columnsOf(duckDB.files(day), flow.OptionalColumns), dir) {
		sql = append(sql, s.SQL)
	}
	duckDBDatabase.execute(t, sql)
	outcome := func() (string, error) {
		p, err := aggregates.Read(t.Context(), aggregates.Tables{Folders: []string{dir}, Name: "day"})
		if err != nil {
			return "", err
		}
		return string(encoded(t, p)), nil
	}
	want, err := outcome()
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]byte{} // by path
	var all []string              // a path for each byte
	for _, name := range []string{aggregates.Conversations, aggregates.HalfHours, aggregates.Largest, aggregates.Rejected} {
		path := filepath.Join(dir, name+".parquet")
		if tables[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.Repeat([]string{path}, len(tables[path]))...)
	}
	refused := 0
	for range flips {
		path, bit := all[r.IntN(len(all))], r.IntN(8)
		flipped := bytes.Clone(tables[path])
		at := r.IntN(len(flipped))
		flipped[at] ^= 1 << bit
		if err := os.WriteFile(path, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		switch got, err := outcome(); {
		case err != nil:
			refused++
		case got != want:
			t.Errorf("%s, byte %d, bit %d: another profile", filepath.Base(path), at, bit)
		}
		if err := os.WriteFile(path, tables[path], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d flipped bits, %d refused, otherwise the same profile", flips, refused)
}
