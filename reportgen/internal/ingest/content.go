package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Content identifies what a log holds. Of a packed log, it is the text in it, so that
// conn.log and conn.log.gz have the same. What the folders of a log say about its rows
// counts as content.
type Content struct {
	Hash   string // SHA-256 in hexadecimal
	Stored string // SHA-256 of the file itself
	Start  Start  // all of it except what may be written after its last row when it grows
	Lines  Start  // all of it up to its last line end
	Known  Start  // the longest known start of it; the zero value if there is none
	Cut    bool   // Known ends in the middle of a value
}

// Start is the beginning of a log: so many bytes, and their SHA-256 in hexadecimal.
type Start struct {
	Size int64
	Hash string
}

// ContentOf reads a log. It looks for the known starts of logs, which are ordered by size.
func ContentOf(path string, known []Start) (Content, error) {
	inner, outer := startHash{Hash: sha256.New(), known: known}, sha256.New()
	if parts := partitions(path); parts != "" {
		for _, h := range []hash.Hash{inner.Hash, outer} {
			h.Write([]byte(parts)) // never fails
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return Content{}, err
	}
	defer file.Close()
	var failed error
	read := readerFunc(func(p []byte) (int, error) {
		n, err := file.Read(p)
		if err != nil && err != io.EOF {
			failed = err
		}
		return n, err
	})
	err = unpackTo(&inner, io.TeeReader(read, outer))
	if _, _ = io.Copy(outer, read); failed != nil {
		return Content{}, failed
	}
	stored := hexSum(outer)
	if err != nil {
		return Content{Hash: stored, Stored: stored}, nil // reading the log reports what is wrong with it
	}
	return Content{Hash: hexSum(&inner), Stored: stored, Start: inner.start, Lines: inner.lines, Known: inner.found, Cut: inner.cut}, nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// startHash hashes a log, and its beginnings.
type startHash struct {
	hash.Hash
	size  int64   // so far
	last  byte    // so far
	start Start   // up to the last byte that is not one of closing
	lines Start   // up to the last line end
	known []Start // that are not shorter than size
	found Start
	cut   bool
}

// closing are bytes after a row that give way to the next row when a log grows: line ends,
// and the ends of JSON documents.
const closing = "]} \t\r\n"

func (h *startHash) Write(p []byte) (int, error) {
	rows, line := len(bytes.TrimRight(p, closing)), bytes.LastIndexByte(p, '\n')+1
	for at := 0; at < len(p); {
		next := len(p)
		for _, stop := range []int{rows, line} {
			if at < stop {
				next = min(next, stop)
			}
		}
		for len(h.known) > 0 && h.known[0].Size <= h.size {
			h.known = h.known[1:]
		}
		if len(h.known) > 0 {
			next = int(min(int64(next), int64(at)+h.known[0].Size-h.size))
		}
		if h.size == h.found.Size {
			h.cut = inValue(h.last) && inValue(p[at])
		}
		h.Hash.Write(p[at:next]) // never fails
		h.size += int64(next - at)
		h.last, at = p[next-1], next
		if at == rows {
			h.start = Start{h.size, hexSum(h)}
		}
		if at == line {
			h.lines = Start{h.size, hexSum(h)}
		}
		for _, s := range h.known {
			if s.Size != h.size {
				break
			}
			if s.Hash == hexSum(h) {
				h.found, h.cut = s, false
			}
		}
	}
	return len(p), nil
}

// inValue reports whether a byte is part of a value rather than around it.
func inValue(c byte) bool {
	return c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// unpackTo writes what a log holds.
func unpackTo(w io.Writer, r io.Reader) error {
	in, err := newLines(r)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(w, in.r)
	return err
}

// Copies returns the logs that hold the same as another one before them. It hashes only
// those that begin like another one.
func Copies(paths []string) (copies []string, err error) {
	starts, alike := make([]string, len(paths)), map[string]int{}
	for i, path := range paths {
		if starts[i], err = beginning(path); err != nil {
			return nil, err
		}
		alike[starts[i]]++
	}
	seen := map[string]bool{}
	for i, path := range paths {
		if starts[i] == "" || alike[starts[i]] < 2 {
			continue
		}
		content, err := ContentOf(path, nil)
		if err != nil {
			return nil, err
		}
		if seen[content.Hash] {
			copies = append(copies, path)
		}
		seen[content.Hash] = true
	}
	return copies, nil
}

// partitions returns what the folders of a log say about its rows in the way of Hive, such
// as proto=tcp, or "". Logs that differ in this are not copies.
func partitions(path string) string {
	var parts []string
	for part := range strings.SplitSeq(filepath.ToSlash(filepath.Dir(path)), "/") {
		if name, _, ok := strings.Cut(part, "="); ok && name != "" {
			parts = append(parts, "/"+part)
		}
	}
	return strings.Join(parts, "")
}

// beginning returns a hash of the first 64 KiB that a log holds. It is empty if the log
// is empty or cannot be read.
func beginning(path string) (string, error) {
	if path == stdin {
		return "", nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var b bytes.Buffer
	if err := unpackTo(&limited{&b, 64 << 10}, file); err != nil && !errors.Is(err, io.ErrShortWrite) {
		return "", nil // reading the log reports what is wrong with it
	}
	if b.Len() == 0 {
		return "", nil
	}
	sum := sha256.Sum256(b.Bytes())
	return string(sum[:]), nil
}

// limited writes at most so many bytes, and then returns io.ErrShortWrite.
type limited struct {
	to   io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n, err := l.to.Write(p[:min(len(p), l.left)])
	l.left -= n
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}
