// Package workdir creates temporary folders, and removes those of programs that were
// killed.
//
// [Make] creates a folder and locks it. The operating system releases the lock when
// the program ends. The next Make with the same parent and prefix finds the folder
// unlocked and removes it. Only folders that Make created are removed: each has a
// marker file, which is written once the folder is locked and removed last. A program
// that is killed before or after that leaves an empty folder, which is removed too. So is
// one with nothing but the empty temporary folder of a kernel that outlived the program.
package workdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// marker is the file in a folder that marks it as created by [Make].
const marker = ".reportgen-work"

const markerText = "Temporary folder of a running reportgen. If none is running, the next one removes it.\n"

// Dir is a temporary folder.
type Dir struct {
	Path  string
	lock  *os.File
	again func() // sweeps once more; nil if there was nothing to remove
}

// Make creates a folder in parent whose name begins with prefix and that only the user
// may read, and removes those of killed programs.
func Make(parent, prefix string) (*Dir, error) {
	var again func()
	if Sweep(parent, prefix) {
		again = func() { Sweep(parent, prefix) }
	}
	for attempt := 0; ; attempt++ {
		path, err := os.MkdirTemp(parent, prefix)
		if err != nil {
			return nil, err
		}
		d := &Dir{Path: path, again: again}
		err = d.claim()
		if err == nil {
			return d, nil
		}
		err = errors.Join(err, d.Remove())
		// Another program may have removed the folder while it was empty.
		if attempt == 10 || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("create a temporary folder: %w", err)
		}
	}
}

// claim locks and marks the folder. If the file system has no locks, the folder is not
// marked, and stays if the program is killed.
func (d *Dir) claim() (err error) {
	if d.lock, err = os.Open(d.Path); err != nil {
		return err
	}
	switch err := lock(d.lock); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return err
	case err != nil:
		return nil //nolint:nilerr // a file system without locks
	}
	return mark(d.Path)
}

// Remove removes the folder and its content. It may be called twice. A process that was
// started by a killed program may have created the folder of that program once more, after
// Make removed it: Remove removes it again.
func (d *Dir) Remove() error {
	err := removeAll(d.Path)
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
		d.lock = nil
	}
	if d.again != nil {
		d.again()
		d.again = nil
	}
	return err
}

// removeTries is how often the rest of a folder is removed, if a process that was
// started by a killed program still writes there.
const removeTries = 5

// removeAll removes a folder, its marker last, so that the rest of a removal that is
// cut short is found.
func removeAll(path string) (err error) {
	for range removeTries {
		if err := removeContent(path); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(path, marker)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err = os.Remove(path); err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, syscall.ENOTEMPTY) {
			return err
		}
		if err := mark(path); err != nil {
			return err
		}
	}
	return err
}

// removeContent removes what is in a folder, except for its marker.
func removeContent(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	errs := []error{err}
	for _, e := range entries {
		if e.Name() != marker {
			errs = append(errs, os.RemoveAll(filepath.Join(path, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// mark writes the marker of a folder.
func mark(path string) error {
	return os.WriteFile(filepath.Join(path, marker), []byte(markerText), 0o600)
}

// Sweep removes the folders of killed programs, as [Make] does, and reports whether there
// were any. Those that cannot be removed, such as another user's, are left.
func Sweep(parent, prefix string) (found bool) {
	entries, _ := os.ReadDir(parent) // nothing to remove
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) && sweepOne(filepath.Join(parent, e.Name())) {
			found = true
		}
	}
	return found
}

// sweepOne removes a folder, if a killed program left it, and reports whether one did.
func sweepOne(path string) bool {
	info, err := os.Lstat(filepath.Join(path, marker))
	marked := err == nil && info.Mode().IsRegular()
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	switch {
	case lock(f) != nil:
		return false
	case marked:
		_ = removeAll(path)
		return true
	}
	removeEmpty(filepath.Join(path, "tmp")) // of a kernel
	removeEmpty(filepath.Join(path, "b"))   // of a browser
	return os.Remove(path) == nil           // which fails unless the folder is empty
}

// removeEmpty removes a folder in which there are only folders, such as one that a child of a killed program creates once
// more after it was removed. Others are left.
func removeEmpty(path string) {
	entries, _ := os.ReadDir(path)
	for _, e := range entries {
		if e.IsDir() {
			removeEmpty(filepath.Join(path, e.Name()))
		}
	}
	_ = os.Remove(path)
}

// lock locks an open folder. The error is [syscall.EWOULDBLOCK] if another program has
// locked it.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
