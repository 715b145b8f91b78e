// Package sources names and compares what a cell's outputs depend on besides its
// own code: files, folders, environment variables and packages.
package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// The kinds of [Source].
const (
	File        = "file"
	Folder      = "folder"
	Files       = "files"       // all files that a pattern matches
	Environment = "environment" // an environment variable
	Package     = "package"     // a package of the project, without those it imports
	Modules     = "modules"     // the files that pin the packages of others
	Listing     = "listing"     // the names in a folder
	Status      = "status"      // whether a file or folder exists, the size of a file, and the target of a link
	Details     = "details"     // the status of a file with its time and permissions, or of all files in a folder
)

// absent stands for the SHA-256 of a source that does not exist.
const absent = "absent"

// Source is something that a cell's outputs depend on besides its own code.
type Source struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`             // absolute path, pattern, variable or import path
	SHA256 string `json:"sha256,omitempty"` // of its content, in hexadecimal; "absent" if it does not exist
}

// Exists reports whether the source existed when it was hashed.
func (s Source) Exists() bool { return s.SHA256 != absent }

// Changed reports whether the content is another one than when it was hashed, or cannot be compared.
func (s Source) Changed() bool {
	sum, err := contentSum(s.Kind, s.Name)
	return err != nil || sum != s.SHA256
}

// Limits of a folder that is hashed before every run. A cell that reads a larger
// one declares the files that it needs.
const (
	maxFolderFiles = 2000
	maxFolderBytes = 512 << 20
)

// Hasher hashes sources, each one once. It is safe for concurrent use.
type Hasher struct {
	mu   sync.Mutex
	sums map[Source]func() (string, error) // by kind and name
}

// NewHasher returns a Hasher that has hashed nothing yet.
func NewHasher() *Hasher { return &Hasher{sums: make(map[Source]func() (string, error))} }

// Sum returns the source of a kind and name with the hash of its content.
func (h *Hasher) Sum(kind, name string) (Source, error) {
	key := Source{Kind: kind, Name: name}
	h.mu.Lock()
	get := h.sums[key]
	if get == nil {
		get = sync.OnceValues(func() (string, error) { return contentSum(kind, name) })
		h.sums[key] = get
	}
	h.mu.Unlock()
	sum, err := get()
	key.SHA256 = sum
	return key, err
}

func contentSum(kind, name string) (string, error) {
	digest := sha256.New()
	var err error
	switch kind {
	case File:
		err = hashFile(digest, name)
	case Folder:
		err = hashFolder(digest, name)
	case Files:
		var names []string
		if names, err = filepath.Glob(name); err == nil {
			err = hashFiles(digest, filepath.Dir(name), names)
		}
	case Listing:
		err = hashListing(digest, name)
	case Status:
		err = hashStatus(digest, name)
	case Details:
		err = hashDetails(digest, name)
	case Environment:
		value, ok := os.LookupEnv(name)
		if !ok {
			return absent, nil
		}
		fmt.Fprint(digest, value)
	default:
		return "", fmt.Errorf("unknown kind of source %q", kind)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return absent, nil
	}
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

func hashFile(w io.Writer, name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file: its content cannot be compared", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// hashFiles writes the names, relative to dir, and the hashes of files, and the
// names of folders.
func hashFiles(w io.Writer, dir string, names []string) error {
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(dir, name)
		if err != nil {
			short = name // a pattern of folders
		}
		fmt.Fprintf(w, "%q\n", filepath.ToSlash(short))
		if info.IsDir() {
			continue
		}
		inner := sha256.New()
		if err := hashFile(inner, name); err != nil {
			return err
		}
		fmt.Fprintf(w, "%x\n", inner.Sum(nil))
	}
	return nil
}

func hashListing(w io.Writer, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		fmt.Fprintf(w, "%q %v\n", e.Name(), e.IsDir())
	}
	return nil
}

func hashStatus(w io.Writer, name string) error {
	if target, err := os.Readlink(name); err == nil {
		fmt.Fprintf(w, "link %q\n", target)
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		fmt.Fprintf(w, "file %d\n", info.Size())
		return nil
	}
	fmt.Fprintln(w, info.Mode().Type())
	return nil
}

func hashDetails(w io.Writer, name string) error {
	paths := []string{name}
	entries, err := os.ReadDir(name)
	for _, e := range entries {
		paths = append(paths, filepath.Join(name, e.Name()))
	}
	if err != nil && len(entries) > 0 {
		return err
	}
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil && i == 0 {
			return err
		}
		fmt.Fprintf(w, "%q ", filepath.Base(path))
		if err != nil { // a link to nothing
			continue
		}
		fmt.Fprintln(w, info.Mode(), info.ModTime().UnixNano())
		if err := hashStatus(w, path); err != nil {
			return err
		}
	}
	return nil
}

func hashFolder(w io.Writer, dir string) error {
	var names []string
	var size int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != dir && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		names, size = append(names, path), size+info.Size()
		if len(names) > maxFolderFiles || size > maxFolderBytes {
			return fmt.Errorf("%s: more than %d files or %d MiB, too much to compare before every run; declare the files that the cell reads", dir, maxFolderFiles, maxFolderBytes>>20)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return hashFiles(w, dir, names)
}

// ChangedSince reports whether a file or folder was modified at or after start.
func ChangedSince(path string, start time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && !info.ModTime().Before(start)
}

// Add inserts s into the sorted list unless it is there.
func Add(list []Source, s Source) []Source {
	at, found := slices.BinarySearchFunc(list, s, compare)
	if found {
		return list
	}
	return slices.Insert(list, at, s)
}

func compare(a, b Source) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.SHA256, b.SHA256)
}
