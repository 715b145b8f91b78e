package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
	"github.com/flowbook/flowbook/reportgen/internal/scan"
	"github.com/google/renameio/v2"
)

// warnThinDays tells of days with under one in a hundred flows: most often
// not a day at all but the connections of a night that ended after midnight.
func warnThinDays(w io.Writer, days []ingest.DayCount) {
	var flows int64
	for _, day := range days {
		flows += day.Flows
	}
	for _, day := range days {
		if day.Flows*100 < flows {
			fmt.Fprintf(w, "warning: %s has only %s of %s flows, likely connections that ended on another day; --day chooses the days to write\n",
				day.Date, humanize.Comma(day.Flows), humanize.Comma(flows))
		}
	}
}

// canHold finds, before a long log is read, that a file could not be written.
func canHold(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("-o %s is a folder; name the file to write in it", path)
	}
	folder := filepath.Dir(path)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("-o %s: there is no folder %s; make it first", path, folder)
	case err != nil:
		return fmt.Errorf("-o: %w", err)
	case !info.IsDir():
		return fmt.Errorf("-o %s: %s is no folder", path, folder)
	}
	return nil
}

// dayFile is the file of a day while it is written.
type dayFile struct {
	day     ingest.DayCount
	path    string
	pending *renameio.PendingFile
}

// writeDays writes each day to a file. All files appear when the last one is
// whole, or none does.
func writeDays(ctx context.Context, flows iter.Seq2[ingest.Flow, error], days []ingest.DayCount, out string, stderr io.Writer) (err error) {
	next, stop := iter.Pull2(flows)
	defer stop()
	var total, done int64
	for _, day := range days {
		total += day.Flows
	}
	bar := importProgress(stderr, "writing", false)
	written := func(n int64) { bar.show(done+n, total) }
	var files []dayFile
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.pending.Cleanup())
		}
	}()
	for _, day := range days {
		f := dayFile{day: day, path: dayPath(out, day, len(days))}
		if f.pending, err = renameio.NewPendingFile(f.path, renameio.WithPermissions(0o666)); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		files = append(files, f)
		if err := writeDay(ctx, next, day.Flows, f.pending, written); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		done += day.Flows
	}
	bar.clear()
	return placeDays(files, stderr)
}

// dayPath names the file of a day: the one asked for where it is the only one.
func dayPath(out string, day ingest.DayCount, days int) string {
	if days == 1 {
		return out
	}
	ext := filepath.Ext(out)
	return strings.TrimSuffix(out, ext) + "-" + day.Date.String() + ext
}

// placeDays puts whole files in their places. Where one cannot be, as when a
// folder stands there, those before it are taken away again.
func placeDays(files []dayFile, stderr io.Writer) error {
	for i, f := range files {
		if err := f.pending.CloseAtomicallyReplace(); err != nil {
			err = fmt.Errorf("%s: %w", f.path, err)
			for _, before := range files[:i] {
				err = errors.Join(err, os.Remove(before.path))
			}
			return err
		}
	}
	for _, f := range files {
		fmt.Fprintf(stderr, "wrote %s %s of %s to %s\n",
			humanize.Comma(f.day.Flows), english.PluralWord(int(f.day.Flows), "flow", ""), f.day.Date, f.path)
	}
	return nil
}

// writeDay writes the next n flows to a file.
func writeDay(ctx context.Context, next func() (ingest.Flow, error, bool), n int64, to io.Writer, written func(int64)) error {
	w := scan.NewWriter(to)
	for i := range n {
		if err := interrupted(ctx, int(i)); err != nil {
			return err
		}
		if i%(1<<14) == 0 {
			written(i)
		}
		f, err, ok := next()
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("only %d of %d flows came back from sorting", i, n)
		}
		if err := w.Write(f.Record); err != nil {
			return err
		}
	}
	return w.Close()
}
