package execute

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
	KindFile        = "file"
	KindFolder      = "folder"
	KindFiles       = "files"       // all that a pattern matches
	KindEnvironment = "environment" // a variable
	KindPackage     = "package"     // a Go package of the module, without those it imports
	KindModules     = "modules"     // go.mod and go.sum: the packages of others
)

// absent stands for the SHA-256 of what is not there.
const absent = "absent"

// Source is something that a cell's result depends on besides its own code.
type Source struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`   // absolute path, pattern, variable or import path
	SHA256 string `json:"sha256"` // of its content, in hexadecimal; "absent" where there is none
}

// The most that a folder which a cell names may hold, to be hashed before every
// run. A cell that works on a larger one declares what it needs of it.
const (
	maxFolderFiles = 2000
	maxFolderBytes = 512 << 20
)

// hasher hashes what cells depend on, each thing once. It is safe for concurrent
// use.
type hasher struct {
	mu   sync.Mutex
	sums map[Source]func() (string, error) // by kind and name
}

func newHasher() *hasher { return &hasher{sums: make(map[Source]func() (string, error))} }

// sum completes the source of that kind and name.
func (h *hasher) sum(kind, name string) (Source, error) {
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
	case KindFile:
		err = hashFile(digest, name)
	case KindFolder:
		err = hashFolder(digest, name)
	case KindFiles:
		var names []string
		if names, err = filepath.Glob(name); err == nil {
			err = hashFiles(digest, filepath.Dir(name), names)
		}
	case KindEnvironment:
		value, ok := os.LookupEnv(name)
		if !ok {
			return absent, nil
		}
		fmt.Fprint(digest, value)
	default:
		return "", fmt.Errorf("a source of unknown kind %q", kind)
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
		return fmt.Errorf("%s is no regular file: what it holds cannot be compared", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// hashFiles writes names, relative to dir, and sums of contents. Folders among them
// count by name.
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
			return fmt.Errorf("the folder %s, which a cell names, holds more than %d files or %d MiB", dir, maxFolderFiles, maxFolderBytes>>20)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return hashFiles(w, dir, names)
}

// changedSince reports whether a file or folder was changed at or after a time,
// as far as its own time of change tells.
func changedSince(path string, start time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && !info.ModTime().Before(start)
}

// addSource adds s to the sorted list, once.
func addSource(list []Source, s Source) []Source {
	at, found := slices.BinarySearchFunc(list, s, compareSources)
	if found {
		return list
	}
	return slices.Insert(list, at, s)
}

func compareSources(a, b Source) int {
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.SHA256, b.SHA256)
}
