// Package workdir makes folders for as long as a program needs them, and removes
// those of programs that were killed before they could.
//
// [Make] makes a folder and locks it. The operating system lets go of the lock
// when the program ends, however it does; the next Make of the same parent and
// prefix finds the folder without one and removes it. Only what Make made is
// removed: each folder holds a file that says so, written once it is locked.
package workdir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// marker is the file in a folder that says that it may be removed.
const marker = ".reportgen-work"

const markerText = "A running reportgen works in this folder. Where none does, the next one removes it.\n"

// Dir is a folder that this program works in.
type Dir struct {
	Path string
	lock *os.File
}

// Make makes a folder in parent whose name begins with prefix and that only the
// user may read, and removes those that killed programs left there.
func Make(parent, prefix string) (*Dir, error) {
	sweep(parent, prefix)
	path, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, err
	}
	d := &Dir{Path: path}
	if err := d.claim(); err != nil {
		return nil, errors.Join(fmt.Errorf("make a folder to work in: %w", err), d.Remove())
	}
	return d, nil
}

// claim locks and marks the folder. Where the file system has no locks it is not
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

// Remove removes the folder with all that is in it. Doing so twice is no error.
func (d *Dir) Remove() error {
	err := os.RemoveAll(d.Path)
	if d.lock != nil {
		err = errors.Join(err, d.lock.Close())
		d.lock = nil
	}
	return err
}

// sweep removes the marked folders that nobody has locked. What cannot be removed
// is another user's, or is left for the next time.
func sweep(parent, prefix string) {
	entries, _ := os.ReadDir(parent) // what cannot be listed is not swept
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

// lock locks an open folder for this program, unless another has.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
