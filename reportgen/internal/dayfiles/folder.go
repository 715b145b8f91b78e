package dayfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// Folder is a folder of days, to which imports add one after the other:
//
//	DIR/date=2024-04-19/part-1f3ab0c2d4e5.parquet   flow files
//	DIR/date=2024-04-19/open.parquet                connections that may go on
//	DIR/.flowbook/logs                              the logs imported, by the hash of what they hold
//	DIR/.flowbook/open                              the rows of the connections that may go on
//
// Spark, DuckDB, ClickHouse and Athena read this layout. Each import adds a file
// to each day it has flows of. A log that was imported before is not imported
// again, and of one that has grown since, only the new rows are, under whatever name. So
// logs can be added while they are written and when they are rotated. Of logs that overlap,
// each flow is added once.
//
// A connection that may go on in the next log is in open.parquet of its day as far as it is
// known. The next import joins it with the rows that continue it, and replaces the file. So
// the imports of the logs of each hour, in order of time, have the same connections as one
// import of all of them.
//
// An import is written to DIR/.flowbook/ID.part, renamed to ID.ready when it is
// complete, moved into place, and its rest is removed as ID.part. If the
// program is killed, the next one completes an ID.ready and removes an ID.part.
// A lock lets one import after the other have the folder.
type Folder struct {
	dir    string
	unlock func()
	logs   map[string]log // by hash
}

// stateDir is the folder of what Folder keeps beside the flow files. Readers of
// such layouts pass over names that begin with a point.
const stateDir = ".flowbook"

// The files of connections that may go on: their flows of a day, and their rows in stateDir.
const (
	openFile  = "open.parquet"
	openState = "open"
)

// OpenFolder opens a folder of days, or makes it, and waits while another import has
// it. Close must be called.
func OpenFolder(dir string) (_ *Folder, err error) {
	if err := os.MkdirAll(filepath.Join(dir, stateDir), 0o777); err != nil {
		return nil, err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, stateDir, "lock")).Lock()
	if err != nil {
		return nil, fmt.Errorf("%s: lock: %w", dir, err)
	}
	f := &Folder{dir: dir, unlock: unlock, logs: map[string]log{}}
	if err := f.recover(); err != nil {
		unlock()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return f, nil
}

// Close lets other imports have the folder.
func (f *Folder) Close() { f.unlock() }

// recover reads the list of logs, and completes or removes what a killed import
// left.
func (f *Folder) recover() error {
	b, err := os.ReadFile(f.state("logs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := f.addLogs(b); err != nil {
		return err
	}
	entries, err := os.ReadDir(f.state(""))
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".part":
			err = os.RemoveAll(f.state(e.Name()))
		case ".ready":
			err = f.place(f.state(e.Name()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) state(name string) string { return filepath.Join(f.dir, stateDir, name) }

// place moves a complete import into the folder. It can be repeated after any
// failure.
func (f *Folder) place(ready string) error {
	staged, err := stagedFiles(ready)
	if err != nil {
		return err
	}
	for _, name := range staged {
		to := filepath.Join(f.dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := placeFile(filepath.Join(ready, name), to); err != nil {
			return err
		}
	}
	if err := os.Rename(filepath.Join(ready, openState), f.state(openState)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b, err := os.ReadFile(filepath.Join(ready, "logs"))
	if err != nil {
		return err
	}
	if err := f.addLogs(b); err != nil {
		return err
	}
	if err := wholefile.WriteBytes(f.state("logs"), logList(f.logs), 0o666); err != nil {
		return err
	}
	// A removal that is cut short must not look like an import to complete.
	placed := strings.TrimSuffix(ready, ".ready") + ".part"
	if err := os.Rename(ready, placed); err != nil {
		return err
	}
	return os.RemoveAll(placed)
}

// placeFile moves a staged file to its place. One without content says that the file there is to be removed.
func placeFile(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if info.Size() > 0 {
		return os.Rename(from, to)
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Remove(from)
}

// stagedFiles returns the flow files of a complete import that are not in their places yet, by their paths in it. A
// folder that cannot be read is an error: without its files, the import would lack a day.
func stagedFiles(ready string) (names []string, err error) {
	days, err := os.ReadDir(ready)
	if err != nil {
		return nil, err
	}
	for _, day := range days {
		if !day.IsDir() {
			continue
		}
		files, err := os.ReadDir(filepath.Join(ready, day.Name()))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			names = append(names, filepath.Join(day.Name(), file.Name()))
		}
	}
	return names, nil
}
