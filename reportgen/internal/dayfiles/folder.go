package dayfiles

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/flowbook/flowbook/reportgen/internal/ingest"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// Folder is a folder of days, to which imports add one after the other:
//
//	DIR/date=2024-04-19/part-1f3ab0c2d4e5.parquet   flow files
//	DIR/.flowbook/logs                              the logs imported, by the hash of what they hold
//
// Spark, DuckDB, ClickHouse and Athena read this layout. Each import adds a file
// to each day it has flows of. A log that was imported before is not imported
// again, and of one that has grown since, only the new rows are, under whatever name. So
// logs can be added while they are written and when they are rotated.
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

// addLogs adds the logs of a list that [logList] wrote. A list that is damaged is an error: a log that is taken for a new
// one would be counted twice.
func (f *Folder) addLogs(list []byte) error {
	lines := string(list)
	if at := strings.LastIndex(lines, "\n"+sumLine); at >= 0 {
		lines = lines[:at+1]
		if string(list) != lines+sumLine+logSum(lines) {
			lines = ""
		}
	}
	if lines == "" && len(list) > 0 {
		return errors.New("the list of imported logs, .flowbook/logs, is damaged; restore it, or import into a new folder")
	}
	for line := range strings.Lines(lines) {
		head, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			continue
		}
		l := log{Path: name}
		// Early versions wrote only the hash.
		if n, err := fmt.Sscan(head, &l.Hash, &l.Rows, &l.Start.Size, &l.Start.Hash); n != 1 && err != nil {
			return fmt.Errorf("the list of imported logs, .flowbook/logs, is not readable: %q; import into a new folder", line)
		}
		f.logs[l.Hash] = l
	}
	return nil
}

// sumLine begins the last line of a list of logs, which early versions did not write.
const sumLine = "checksum "

func logSum(lines string) string { return fmt.Sprintf("%08x\n", crc32.ChecksumIEEE([]byte(lines))) }

// logList returns a list of logs, by hash, as text.
func logList(logs map[string]log) []byte {
	var lines strings.Builder
	for _, hash := range slices.Sorted(maps.Keys(logs)) {
		l := logs[hash]
		lines.WriteString(hash)
		if l.Rows > 0 && l.Start.Size > 0 {
			fmt.Fprintf(&lines, " %d %d %s", l.Rows, l.Start.Size, l.Start.Hash)
		}
		fmt.Fprintf(&lines, "  %s\n", strings.ReplaceAll(filepath.Base(l.Path), "\n", " "))
	}
	return []byte(lines.String() + sumLine + logSum(lines.String()))
}

// log is a log file and what identifies it. If it begins like a log that was imported
// before, Known is the number of rows of that one.
type log struct {
	Path  string
	Hash  string       // SHA-256 of what it holds
	Start ingest.Start // up to its last row
	Lines ingest.Start // up to its last line end
	Rows  int64        // in Start
	Known int64
	Cut   bool // the last row of Known was being written when it was imported
}

// fresh returns the logs of those given that were not imported before, each once,
// and the paths of the others.
func (f *Folder) fresh(paths []string) (fresh []log, known []string, err error) {
	rows, starts := map[ingest.Start]int64{}, []ingest.Start{}
	for _, l := range f.logs {
		if l.Rows > 0 {
			rows[l.Start] = l.Rows
			starts = append(starts, l.Start)
		}
	}
	slices.SortFunc(starts, func(a, b ingest.Start) int { return cmp.Compare(a.Size, b.Size) })
	seen := maps.Clone(f.logs)
	for _, path := range paths {
		content, err := ingest.ContentOf(path, starts)
		if err != nil {
			return nil, nil, err
		}
		_, ok := seen[content.Hash]
		if _, packed := seen[content.Stored]; ok || packed { // earlier versions remembered the packed log
			known = append(known, path)
			continue
		}
		l := log{Path: path, Hash: content.Hash, Start: content.Start, Lines: content.Lines, Known: rows[content.Known], Cut: content.Cut}
		seen[l.Hash] = l
		fresh = append(fresh, l)
	}
	return fresh, known, nil
}

// add writes flows, which are ordered by day, to a file of each day, and remembers
// the logs that they come from. Either all of it is done or nothing.
func (f *Folder) add(ctx context.Context, flows iter.Seq2[ingest.Flow, error], days []ingest.DayCount, logs []log, o options) (files []dayFile, err error) {
	var hashes []string
	imported := map[string]log{}
	for _, l := range logs {
		hashes = append(hashes, l.Hash)
		imported[l.Hash] = l
	}
	slices.Sort(hashes)
	sum := sha256.Sum256([]byte(strings.Join(hashes, "\n")))
	id := hex.EncodeToString(sum[:6])
	part, ready := f.state(id+".part"), f.state(id+".ready")
	if err := os.MkdirAll(part, 0o777); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	next, stop := iter.Pull2(flows)
	defer stop()
	var total, done int64
	for _, day := range days {
		total += day.Flows
	}
	for _, day := range days {
		name := filepath.Join("date="+day.Date.String(), "part-"+id+".parquet")
		err := o.writeStaged(ctx, next, day.Flows, filepath.Join(part, name), func(n int64) {
			if o.Progress != nil {
				o.Progress(done+n, total)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(f.dir, name), err)
		}
		done += day.Flows
		files = append(files, dayFile{Path: filepath.Join(f.dir, name), Day: day})
	}
	if err := wholefile.WriteBytes(filepath.Join(part, "logs"), logList(imported), 0o666); err != nil {
		return nil, err
	}
	if err := os.Rename(part, ready); err != nil { // from here on it is done
		return nil, err
	}
	return files, f.place(ready)
}

// writeStaged writes the next n flows to a file of a new folder, down to the disk.
func (o options) writeStaged(ctx context.Context, next func() (ingest.Flow, error, bool), n int64, path string, progress func(int64)) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := o.writeDay(ctx, next, n, file, progress); err != nil {
		return err
	}
	if err := file.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

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
		if err := os.Rename(filepath.Join(ready, name), to); err != nil {
			return err
		}
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
