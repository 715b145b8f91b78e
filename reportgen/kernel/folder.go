package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockName is a file in a kernel's private folder that is locked for as long as
// the program that made the folder runs.
const lockName = "lock"

// folder is the private folder of one kernel: its connection file, its sockets
// and, in tmp, whatever the kernel and its cells put in the temporary folder.
type folder struct {
	path string
	lock *os.File
}

// newFolder makes the folder of a kernel, and removes those that programs left
// which had no time to. A socket's path has to stay under 104 bytes, so a long
// TMPDIR is left for /tmp.
func newFolder() (*folder, error) {
	parent := os.TempDir()
	if len(parent) > 70 {
		parent = "/tmp"
	}
	sweep(parent)
	dir, err := os.MkdirTemp(parent, "reportgen-") // mode 0700
	if err != nil {
		return nil, fmt.Errorf("make the kernel's temporary folder: %w", err)
	}
	f := &folder{path: dir}
	if err := f.fill(); err != nil {
		return nil, errors.Join(fmt.Errorf("make the kernel's temporary folder: %w", err), f.remove())
	}
	return f, nil
}

func (f *folder) fill() error {
	lock, err := os.OpenFile(filepath.Join(f.path, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	f.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	return os.Mkdir(filepath.Join(f.path, "tmp"), 0o700)
}

func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// sweepAge is how old a folder has to be to be taken for left behind: its lock is
// not taken in the same moment in which it is made.
const sweepAge = time.Minute

// sweep removes the folders in parent whose programs were killed. What cannot be
// removed is another user's, or is left for the next time.
func sweep(parent string) {
	locks, err := filepath.Glob(filepath.Join(parent, "reportgen-*", lockName))
	if err != nil {
		return
	}
	for _, name := range locks {
		info, err := os.Stat(name)
		if err != nil || time.Since(info.ModTime()) < sweepAge {
			continue
		}
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(name))
		}
		_ = f.Close() // nothing was written
	}
}
