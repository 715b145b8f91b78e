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

// Content returns the SHA-256 of what a log holds, in hexadecimal: of a packed log,
// that of the text in it, so that conn.log and conn.log.gz have the same. Stored is
// that of the file itself. What its folders say about the rows counts as content.
func Content(path string) (content, stored string, err error) {
	inner, outer := sha256.New(), sha256.New()
	if parts := partitions(path); parts != "" {
		for _, h := range []hash.Hash{inner, outer} {
			h.Write([]byte(parts)) // never fails
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return "", "", err
	}
	defer file.Close()
	err = unpackTo(inner, io.TeeReader(file, outer))
	if _, copied := io.Copy(outer, file); copied != nil {
		return "", "", copied
	}
	stored = hexSum(outer)
	if err != nil {
		return stored, stored, nil // reading the log reports what is wrong with it
	}
	return hexSum(inner), stored, nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

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
		content, _, err := Content(path)
		if err != nil {
			return nil, err
		}
		if seen[content] {
			copies = append(copies, path)
		}
		seen[content] = true
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
