package dayfiles

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// staged is an import while it is written.
type staged struct {
	folder *Folder
	id     string
	logs   map[string]log // by hash
	open   *os.File       // what it leaves to the next import; nil if it joins no rows
}

// stage begins an import of logs. Either add or abort must be called.
func (f *Folder) stage(logs []log) (*staged, error) {
	s := &staged{folder: f, logs: map[string]log{}}
	for _, l := range logs {
		s.logs[l.Hash] = l
	}
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(maps.Keys(s.logs)), "\n")))
	s.id = hex.EncodeToString(sum[:6])
	return s, os.MkdirAll(s.path(""), 0o777)
}

// path returns the path of a file of the import.
func (s *staged) path(name string) string { return filepath.Join(s.folder.state(s.id+".part"), name) }

// abort removes an import that was not added.
func (s *staged) abort() error {
	if s.open != nil {
		_ = s.open.Close() // it may be closed
	}
	return os.RemoveAll(s.path(""))
}

// resume lets a sorter, which has all rows, go on with the connections that the imports before
// left open, and compare its rows with theirs.
func (s *staged) resume(ctx context.Context, sorter *ingest.Sorter) (err error) {
	if sorter.HasParts() {
		earlier, err := s.folder.openConnections()
		if err != nil {
			return err
		}
		if s.open, err = os.Create(s.path(openState)); err != nil {
			return err
		}
		if err := sorter.Resume(earlier, s.open); err != nil {
			return fmt.Errorf("%s: %w; restore this file, or import into a new folder", s.folder.state(openState), err)
		}
	}
	return s.folder.earlier(ctx, sorter)
}

// openConnections returns what the imports before left open, or nil if there is nothing.
func (f *Folder) openConnections() (io.Reader, error) {
	b, err := os.ReadFile(f.state(openState))
	if err == nil {
		return bytes.NewReader(b), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if files, err := f.openFiles(); err != nil || len(files) > 0 {
		return nil, errors.Join(err, fmt.Errorf("%s is missing, to which %s belongs; restore it, or import into a new folder", f.state(openState), strings.Join(files, ", ")))
	}
	return nil, nil
}

// openFiles returns the files of open connections, by their paths in the folder.
func (f *Folder) openFiles() (names []string, err error) {
	days, err := os.ReadDir(f.dir)
	for _, day := range days {
		name := filepath.Join(day.Name(), openFile)
		if _, err := os.Lstat(filepath.Join(f.dir, name)); err == nil {
			names = append(names, name)
		}
	}
	return names, err
}

// earlier gives a sorter the flows of the folder that its own may repeat. Connections that are still open it has
// already.
func (f *Folder) earlier(ctx context.Context, sorter *ingest.Sorter) error {
	days, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, day := range days {
		text, _ := strings.CutPrefix(day.Name(), "date=")
		date, err := ingest.ParseDate(text)
		if err != nil {
			continue // not a day
		}
		from, to, ok := sorter.Earlier(date)
		if !ok {
			continue
		}
		files, err := filepath.Glob(filepath.Join(f.dir, day.Name(), "*.parquet"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if filepath.Base(file) == openFile {
				continue
			}
			for r, err := range flowfile.Rows(ctx, file, flowfile.Filter{From: from, To: to}) {
				if _, invalid := errors.AsType[*flowfile.RowError](err); invalid {
					continue
				}
				if err == nil {
					err = sorter.AddEarlier(ingest.Flow{Date: date, Record: r})
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// add writes the flows of a sorter to a file of each day, and remembers
// the logs that they come from. Either all of it is done or nothing.
func (s *staged) add(ctx context.Context, sorter *ingest.Sorter, o options) (files []dayFile, err error) {
	if files, err = s.write(ctx, sorter, "part-"+s.id+".parquet", o); err != nil {
		return nil, err
	}
	if open := sorter.Open(); open != nil {
		outdated, err := s.folder.openFiles()
		if err != nil {
			return nil, err
		}
		kept, err := s.write(ctx, open, openFile, o)
		if err != nil {
			return nil, err
		}
		for _, name := range outdated {
			if err := s.remove(name); err != nil {
				return nil, err
			}
		}
		files = append(files, kept...)
		if err := errors.Join(toDisk(s.open), s.open.Close()); err != nil {
			return nil, err
		}
	}
	if err := wholefile.WriteBytes(s.path("logs"), logList(s.logs), 0o666); err != nil {
		return nil, err
	}
	ready := s.folder.state(s.id + ".ready")
	if err := os.Rename(s.path(""), ready); err != nil { // from here on it is done
		return nil, err
	}
	return files, s.folder.place(ready)
}

// remove makes the import remove a file that it does not replace: it is staged without content.
func (s *staged) remove(name string) error {
	if _, err := os.Lstat(s.path(name)); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o777); err != nil {
		return err
	}
	return os.WriteFile(s.path(name), nil, 0o666)
}

// write writes the flows of a sorter to a file of each day, down to the disk.
func (s *staged) write(ctx context.Context, sorter *ingest.Sorter, base string, o options) (files []dayFile, err error) {
	o.Detailed = sorter.Detailed()
	err = o.writeDays(ctx, sorter.Sorted(), sorter.Days(), func(day ingest.DayCount) (io.WriteCloser, error) {
		name := filepath.Join("date="+day.Date.String(), base)
		files = append(files, dayFile{Path: filepath.Join(s.folder.dir, name), Day: day})
		if err := os.MkdirAll(filepath.Dir(s.path(name)), 0o777); err != nil {
			return nil, err
		}
		file, err := os.OpenFile(s.path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		return syncedFile{file}, err
	})
	if err != nil && len(files) > 0 {
		err = fmt.Errorf("%s: %w", files[len(files)-1].Path, err)
	}
	return files, err
}

// syncedFile is a file that is on the disk when it is closed.
type syncedFile struct{ *os.File }

func (f syncedFile) Close() error { return errors.Join(toDisk(f.File), f.File.Close()) }

// toDisk writes a file to the disk, where the file system knows that.
func toDisk(file *os.File) error {
	if err := file.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
