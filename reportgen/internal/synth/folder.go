package synth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// Days are the sample days of a [Plan] or of [Weeks].
type Days interface {
	// WriteFolder writes the days, the databases of their addresses and truth.json to dir.
	WriteFolder(ctx context.Context, dir string, wrote func(name string, flows int64)) error
	// Summary says in a line what is planted.
	Summary() string
}

// WriteFolder writes the three days, the two databases and truth.json to dir, one
// after the other, each of them atomically. It creates dir if it does not exist,
// and calls wrote after each day. It replaces files of an earlier run only.
func (p *Plan) WriteFolder(ctx context.Context, dir string, wrote func(name string, flows int64)) error {
	days := []struct {
		name  string
		flows iter.Seq[flow.Record]
	}{{"data.parquet", p.Data()}, {"test.parquet", p.Test()}, {"servers.parquet", p.Servers()}}
	names := []string{countryName, ownerName}
	for _, day := range days {
		names = append(names, day.name)
	}
	if err := prepare(ctx, dir, p.truth, names...); err != nil {
		return err
	}
	for _, day := range days {
		n, err := flowfile.WriteRecords(ctx, filepath.Join(dir, day.name), day.flows)
		if err != nil {
			return err
		}
		wrote(day.name, n)
	}
	return writeDatabases(dir, p.WriteCountryDB, p.WriteOwnerDB)
}

// The names of files beside those of days.
const (
	truthName   = "truth.json"
	countryName = "country.mmdb"
	ownerName   = "asn.mmdb"
)

// prepare creates dir if it does not exist and writes truth.json there, which marks the other files as those of synth. It
// returns an error if dir has one of these and no truth.json of an earlier run.
func prepare(ctx context.Context, dir string, truth any, names ...string) error {
	if err := errors.Join(ctx.Err(), wholefile.CheckFolder(dir)); err != nil {
		return err
	}
	b, err := os.ReadFile(filepath.Join(dir, truthName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !isTruth(b) {
		for _, name := range append(names, truthName) {
			if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
				return fmt.Errorf("%s: has a file %s that synth did not write; name another folder", dir, name)
			}
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return wholefile.Write(filepath.Join(dir, truthName), 0o666, func(w io.Writer) error { return encodeTruth(w, truth) })
}

// isTruth reports whether a file is a [Truth] or a [WeeksTruth].
func isTruth(b []byte) bool {
	var truth struct {
		Seed          *uint64
		Planted, Days []json.RawMessage
	}
	return json.Unmarshal(b, &truth) == nil && truth.Seed != nil && (truth.Planted != nil || truth.Days != nil)
}

// checkFolder reports whether the days can be written to dir: a day of another run
// in it would become part of the same history.
func (w *Weeks) checkFolder(dir string) error {
	own := map[string]bool{}
	for i := range w.Len() {
		own[w.folder(i)] = true
	}
	old, err := filepath.Glob(filepath.Join(dir, "date=*"))
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	for _, path := range old {
		if !own[filepath.Base(path)] {
			return fmt.Errorf("%s: has a day that these options do not write, %s; choose another folder or remove it", dir, filepath.Base(path))
		}
	}
	return nil
}

// WriteFolder writes date=YYYY-MM-DD/flows.parquet of each day, the two databases and
// truth.json to dir, each of them atomically. It creates dir if it does not exist,
// and calls wrote after each day. It writes nothing into a folder with other days.
func (w *Weeks) WriteFolder(ctx context.Context, dir string, wrote func(name string, flows int64)) error {
	if err := w.checkFolder(dir); err != nil {
		return err
	}
	names := []string{countryName, ownerName}
	for i := range w.Len() {
		names = append(names, w.folder(i))
	}
	if err := prepare(ctx, dir, w.truth, names...); err != nil {
		return err
	}
	for i := range w.Len() {
		folder := filepath.Join(dir, w.folder(i))
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		n, err := flowfile.WriteRecords(ctx, filepath.Join(folder, "flows.parquet"), w.Day(i))
		if err != nil {
			return err
		}
		wrote(w.folder(i), n)
	}
	return writeDatabases(dir, w.WriteCountryDB, w.WriteOwnerDB)
}

// folder returns the name of the folder of day i.
func (w *Weeks) folder(i int) string { return "date=" + w.Date(i).Format(time.DateOnly) }

// writeDatabases writes the two databases.
func writeDatabases(dir string, country, owner func(io.Writer) error) error {
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{{countryName, country}, {ownerName, owner}} {
		if err := wholefile.Write(filepath.Join(dir, file.name), 0o666, file.write); err != nil {
			return err
		}
	}
	return nil
}
