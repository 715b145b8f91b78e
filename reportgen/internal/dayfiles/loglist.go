package dayfiles

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

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
