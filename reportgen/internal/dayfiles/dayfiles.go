// Package dayfiles imports logs as flow files, one a day. Either all files of an
// import appear, each whole, or none does.
package dayfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// dayFile is a flow file that was written.
type dayFile struct {
	Path string
	Day  ingest.DayCount
}

// options say how files are written.
type options struct {
	Detailed bool              // with the optional columns
	Metadata map[string]string // of each file
	// Progress, if set, is called with the number of flows written so far and in
	// all.
	Progress func(written, total int64)
}

// writeFiles writes flows, which are ordered by day, to one file a day: to path if
// there is one day, else to path with the date before its extension.
func writeFiles(ctx context.Context, flows iter.Seq2[ingest.Flow, error], days []ingest.DayCount, path string, o options) (_ []dayFile, err error) {
	next, stop := iter.Pull2(flows)
	defer stop()
	var total, done int64
	for _, day := range days {
		total += day.Flows
	}
	var files []pendingFile
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.pending.Abort())
		}
	}()
	for _, day := range days {
		f := pendingFile{dayFile: dayFile{Path: name(path, day, len(days)), Day: day}}
		if f.pending, err = wholefile.Create(f.Path, 0o666); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		files = append(files, f)
		err := o.writeDay(ctx, next, day.Flows, f.pending, func(n int64) {
			if o.Progress != nil {
				o.Progress(done+n, total)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		done += day.Flows
	}
	return place(files)
}

// pendingFile is a file while it is written.
type pendingFile struct {
	dayFile
	pending *wholefile.File
}

// name returns the file of a day: path if there is one day.
func name(path string, day ingest.DayCount, days int) string {
	if days == 1 {
		return path
	}
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "-" + day.Date.String() + ext
}

// place renames whole files to their paths. If one cannot be renamed, the files
// that were there before any of them are restored: the earlier set stays whole.
func place(files []pendingFile) (placed []dayFile, err error) {
	for _, f := range files {
		if info, err := os.Lstat(f.Path); err == nil && info.IsDir() {
			return nil, fmt.Errorf("%s: is a folder; remove it or choose another name", f.Path)
		}
	}
	var earlier []keptFile
	defer func() {
		restore := err != nil
		for _, k := range slices.Backward(earlier) {
			err = errors.Join(err, k.end(restore))
		}
	}()
	for _, f := range files {
		k, err := keep(f.Path)
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, k)
		if err := f.pending.Commit(); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		earlier[len(earlier)-1].replaced = true
		placed = append(placed, f.dayFile)
	}
	return placed, nil
}

// keptFile is what was at a path before it was replaced.
type keptFile struct {
	path     string // "" of a device
	work     *workdir.Dir
	backup   string // another name of the earlier file; "" if there was none
	replaced bool
}

// keep gives the file at path a second name, so that the path never is without
// a file. A device has nothing to keep.
func keep(path string) (keptFile, error) {
	path, err := wholefile.Target(path)
	if err != nil {
		return keptFile{}, err
	}
	k := keptFile{path: path}
	if _, err := os.Lstat(path); path == "" || errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	work, err := workdir.Make(filepath.Dir(path), ".flowbook-earlier-")
	if err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	k.work = work
	k.backup = filepath.Join(work.Path, filepath.Base(path))
	if err := os.Link(path, k.backup); err != nil {
		// A file system without links: for a moment the path has no file.
		if err := os.Rename(path, k.backup); err != nil {
			return k, errors.Join(fmt.Errorf("%s: %w", path, err), work.Remove())
		}
	}
	return k, nil
}

// end removes the second name, after it restored the earlier file if asked to.
func (k keptFile) end(restore bool) error {
	switch {
	case k.backup == "" && restore && k.replaced && k.path != "":
		return os.Remove(k.path)
	case k.backup == "":
		return nil
	}
	var err error
	if restore {
		err = os.Rename(k.backup, k.path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w; the earlier file is %s", k.path, err, k.backup)
	}
	return k.work.Remove()
}

// writeDay writes the next n flows to a file.
func (o options) writeDay(ctx context.Context, next func() (ingest.Flow, error, bool), n int64, to io.Writer, progress func(written int64)) error {
	w := flowfile.NewWriter(to)
	if o.Detailed {
		w = flowfile.NewDetailedWriter(to)
	}
	for _, key := range slices.Sorted(maps.Keys(o.Metadata)) {
		w.SetMetadata(key, o.Metadata[key])
	}
	for i := range n {
		if i%(1<<14) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(i)
		}
		f, err, ok := next()
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("sorting returned %d of %d flows", i, n)
		}
		if err := w.Write(f.Record); err != nil {
			return err
		}
	}
	return w.Close()
}
