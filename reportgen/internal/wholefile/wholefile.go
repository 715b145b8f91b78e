// Package wholefile writes files that appear complete or not at all.
//
// A file is written in a temporary folder beside its destination, which only the
// user may read, and renamed when it is complete. If the program is killed, the
// next write to the same destination removes what it left. A destination that is
// a symbolic link stays one: the file that it leads to is replaced. If that file
// does not exist, nothing is written, as cp of GNU does: the link may be a mistake,
// made by another user, or /dev/stdout when standard output is closed. A device or
// a pipe, such as /dev/null, cannot be replaced: it is written to directly.
package wholefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// File is a file that is being written. Either Commit or Abort must be called.
type File struct {
	*os.File
	path string
	work *workdir.Dir // nil of a device or a pipe
	done bool
}

// Target returns the path that a write to path replaces, after symbolic links;
// "" if path leads to a device or a pipe, which is not replaced.
func Target(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return path, checkLink(path)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular() && !info.IsDir():
		return "", nil
	}
	return filepath.EvalSymlinks(path)
}

// checkLink reports whether a path that leads to no file is a symbolic link.
func checkLink(path string) error {
	to, err := os.Readlink(path)
	if err != nil {
		return nil //nolint:nilerr // it is not a link
	}
	return fmt.Errorf("%s: is a symbolic link to %s, which does not exist; create that file, or remove the link", path, to)
}

// check reports, before the content of a file is made, whether the file could be
// written to path: path is neither a folder nor a link to nothing, and its folder exists.
func check(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a folder; name a file in it", path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := checkLink(path); err != nil {
			return err
		}
	}
	folder := filepath.Dir(path)
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: folder %s does not exist; create it first", path, folder)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s: %s is not a folder", path, folder)
	}
	return nil
}

// Create begins a file at the path name, for which check finds nothing wrong. perm, before
// umask, applies to the complete file.
func Create(name string, perm fs.FileMode) (*File, error) {
	if err := check(name); err != nil {
		return nil, err
	}
	path, err := Target(name)
	if err != nil {
		return nil, err
	}
	if path == "" {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &File{File: f, path: name}, nil
	}
	work, err := workdir.Make(beside(path))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(work.Path, filepath.Base(path)), os.O_CREATE|os.O_EXCL|os.O_RDWR, perm)
	if err != nil {
		return nil, errors.Join(err, work.Remove())
	}
	return &File{File: f, path: path, work: work}, nil
}

// Sweep removes what killed programs left of a file at path that they were writing.
// Create does so too: Sweep is for a file that need not be written again.
func Sweep(path string) { workdir.Sweep(beside(path)) }

// beside returns the folder in which the temporary folders of a file at path are, and
// how their names begin.
func beside(path string) (dir, prefix string) {
	return filepath.Dir(path), "." + filepath.Base(path) + "-"
}

// Commit puts the file in its place. If that fails, nothing is left and the earlier
// file, if there is one, is unchanged.
func (f *File) Commit() (err error) {
	if f.done {
		return fs.ErrClosed
	}
	defer func() { err = errors.Join(err, f.Abort()) }()
	if f.work == nil {
		return f.Close()
	}
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return os.Rename(f.Name(), f.path)
}

// Abort discards the file. After Commit or Abort it does nothing, so that it can
// be deferred.
func (f *File) Abort() error {
	if f.done {
		return nil
	}
	f.done = true
	err := f.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	if f.work != nil {
		err = errors.Join(err, f.work.Remove())
	}
	return err
}

// Write calls write to write a file at path.
func Write(path string, perm fs.FileMode, write func(io.Writer) error) (err error) {
	f, err := Create(path, perm)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Abort()) }()
	if err := write(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.Commit()
}

// WriteBytes writes data to a file at path.
func WriteBytes(path string, data []byte, perm fs.FileMode) error {
	return Write(path, perm, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
