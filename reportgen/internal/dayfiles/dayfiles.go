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
	"runtime"
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
	var files []pendingFile
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.pending.Abort())
		}
	}()
	err = o.writeDays(ctx, flows, days, func(day ingest.DayCount) (io.WriteCloser, error) {
		f := pendingFile{dayFile: dayFile{Path: name(path, day, len(days)), Day: day}}
		err := wholefile.CheckOutput(f.Path, wholefile.Parquet)
		if err == nil {
			f.pending, err = wholefile.Create(f.Path, 0o666)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		return keptOpen{f.pending}, nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name(path, days[max(len(files)-1, 0)], len(days)), err)
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

// keptOpen is a writer whose Close does nothing.
type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

// writeDays writes flows, which are ordered by day, each day to the file that create returns for it. Days without flows are
// not among days.
func (o options) writeDays(ctx context.Context, flows iter.Seq2[ingest.Flow, error], days []ingest.DayCount, create func(ingest.DayCount) (io.WriteCloser, error)) (err error) {
	var total, done, left int64
	for _, day := range days {
		total += day.Flows
	}
	var file io.WriteCloser // of the day
	var w *flowfile.Writer
	defer func() {
		if file != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	for f, err := range flows {
		if done%(1<<14) == 0 && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if done == total {
			return fmt.Errorf("sorting returned more than %d flows", total)
		}
		begins := left == 0
		if begins {
			if file, err = create(days[0]); err != nil {
				return err
			}
			w, left, days = o.newWriter(file), days[0].Flows, days[1:]
		}
		if o.Progress != nil && (begins || done%(1<<14) == 0) {
			o.Progress(done, total)
		}
		if err := w.Write(f.Record); err != nil {
			return err
		}
		done++
		if left--; left == 0 {
			err := errors.Join(w.Close(), file.Close())
			if w, file = nil, nil; err != nil {
				return err
			}
			// A writer takes tens of megabytes. To collect it takes milliseconds, and many days then
			// take the memory of one.
			runtime.GC()
		}
	}
	if done < total {
		return fmt.Errorf("sorting returned %d of %d flows", done, total)
	}
	return nil
}

func (o options) newWriter(to io.Writer) *flowfile.Writer {
	w := flowfile.NewWriter(to)
	if o.Detailed {
		w = flowfile.NewDetailedWriter(to)
	}
	for _, key := range slices.Sorted(maps.Keys(o.Metadata)) {
		w.SetMetadata(key, o.Metadata[key])
	}
	return w
}
