// Package workdir creates temporary folders, and removes those of programs that were
// killed.
//
// [Make] creates a folder and locks it. The operating system releases the lock when
// the program ends. The next Make with the same parent and prefix finds the folder
// unlocked and removes it. Only folders that Make created are removed: each has a
// marker file, written once it is locked.
package workdir

import (
	"errors"
	"fmt"
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
	Path string
	lock *os.File
}

// Make creates a folder in parent whose name begins with prefix and that only the user
// may read, and removes those of killed programs.
func Make(parent, prefix string) (*Dir, error) {
	sweep(parent, prefix)
	path, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, err
	}
	d := &Dir{Path: path}
	if err := d.claim(); err != nil {
		return nil, errors.Join(fmt.Errorf("create a temporary folder: %w", err), d.Remove())
	}
	return d, nil
}

// claim locks and marks the folder. If the file system has no locks, the folder is not
// marked, and stays if the program is killed.
func (d *Dir) claim() (err error) {
	if d.lock, err = os.Open(d.Path); err != nil {
		return err
	}
	if !lock(d.lock) {
		return nil
	}
	return os.WriteFile(filepath.Join(d.Path, marker), []byte(markerText), 0o600)
}

// Remove removes the folder and its content. It may be called twice.
func (d *Dir) Remove() error {
	err := os.RemoveAll(d.Path)
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
		d.lock = nil
	}
	return err
}

// sweep removes the marked folders that are not locked. Those that cannot be removed,
// such as another user's, are left.
func sweep(parent, prefix string) {
	entries, _ := os.ReadDir(parent) // nothing to remove
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			sweepOne(filepath.Join(parent, e.Name()))
		}
	}
}

func sweepOne(path string) {
	if info, err := os.Lstat(filepath.Join(path, marker)); err != nil || !info.Mode().IsRegular() {
		return
	}
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	if lock(f) {
		_ = os.RemoveAll(path)
	}
}

// lock locks an open folder unless another program has locked it.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
