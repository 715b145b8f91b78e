package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// marker is a file that marks a report's folder. No folder without it is ever replaced.
const marker = wholefile.Marker

const markerText = "Made by reportgen run, which replaces this folder when it runs again.\n"

// Folder is the folder of a report. If possible, it is replaced as a whole or not at all. A mount point, or a folder in one
// that cannot be written, cannot be replaced; its contents are, file by file.
type Folder struct {
	path    string // absolute, with symbolic links resolved
	inPlace bool   // replace the contents
}

// NewFolder returns the folder at path, which need not exist. It returns an error if the path exists and is not a
// report's folder, and if no report can be written there.
func NewFolder(path string) (*Folder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(abs); err == nil {
		abs = target
	}
	f := &Folder{path: abs}
	entries, err := os.ReadDir(abs)
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == lostAndFound })
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := probe(existing(abs)); err != nil {
			return nil, fmt.Errorf("%s: cannot be written: %w", path, err)
		}
		return f, nil
	case err != nil:
		// The error itself names the absolute path.
		return nil, fmt.Errorf("%s: exists and is not a report folder: %w; name another", path, errors.Unwrap(err))
	case len(entries) > 0 && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == marker }):
		return nil, fmt.Errorf("%s: exists and is not a report folder (it has no file %s); name another, or empty it", path, marker)
	}
	if f.inPlace = mountPoint(abs) || probe(filepath.Dir(abs)) != nil; f.inPlace {
		if err := probe(abs); err != nil {
			return nil, fmt.Errorf("%s: cannot be written: %w", path, err)
		}
	}
	return f, nil
}

// lostAndFound is a folder that belongs to a file system and not to the report at its root.
const lostAndFound = "lost+found"

// existing is the nearest folder above path that exists.
func existing(path string) string {
	for {
		path = filepath.Dir(path)
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
	}
}

// probe returns an error if no folder can be made in dir.
func probe(dir string) error {
	work, err := workdir.Make(dir, ".reportgen-probe-")
	if made := (*fs.PathError)(nil); errors.As(err, &made) {
		return made.Err // the name of the probe is of no use
	}
	if err != nil {
		return err
	}
	return work.Remove()
}

// otherDevice reports whether path is on another file system than the folder that it is in.
func otherDevice(path string) bool {
	device := func(path string) any {
		info, err := os.Stat(path)
		if err != nil {
			return nil
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return nil
		}
		return stat.Dev
	}
	return device(path) != device(filepath.Dir(path))
}

// Path is the folder's absolute path.
func (f *Folder) Path() string { return f.path }

// Replace lets write fill a new folder and puts it, or its contents, in the place of the old one. If write fails, the old
// one stays.
func (f *Folder) Replace(write func(dir string) error) (err error) {
	parent, name := filepath.Split(f.path)
	if f.inPlace {
		parent, name = f.path, "new"
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	work, err := workdir.Make(parent, "."+name+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.Remove()) }()
	fresh := filepath.Join(work.Path, "new")
	if err := os.Mkdir(fresh, 0o777); err != nil {
		return err
	}
	if err := write(fresh); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, marker), []byte(markerText), 0o666); err != nil {
		return err
	}
	if f.inPlace {
		err = f.replaceContents(fresh, filepath.Base(work.Path))
	} else {
		err = swap(fresh, f.path, filepath.Join(work.Path, "old"))
	}
	if err != nil {
		return fmt.Errorf("replace the report: %w", err)
	}
	return nil
}

// replaceContents moves the files of fresh to their places, each in one step, and then removes what the new report does
// not have. The marker comes first, so that an interrupted run leaves a folder that the next one accepts.
func (f *Folder) replaceContents(fresh, work string) error {
	names := map[string]bool{work: true, lostAndFound: true}
	if err := os.Rename(filepath.Join(fresh, marker), filepath.Join(f.path, marker)); err != nil {
		return err
	}
	names[marker] = true
	err := filepath.WalkDir(fresh, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == fresh {
			return err
		}
		name, err := filepath.Rel(fresh, path)
		if err != nil {
			return err
		}
		names[name] = true
		target := filepath.Join(f.path, name)
		old, err := os.Lstat(target)
		if err == nil && old.IsDir() != e.IsDir() {
			if err := os.RemoveAll(target); err != nil {
				return err
			}
		}
		if !e.IsDir() {
			return os.Rename(path, target)
		}
		if err := os.Mkdir(target, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return filepath.WalkDir(f.path, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == f.path {
			return err
		}
		name, err := filepath.Rel(f.path, path)
		switch {
		case err != nil:
			return err
		case name == work || name == lostAndFound:
			return filepath.SkipDir
		case names[name]:
			return nil
		}
		if err := os.RemoveAll(path); err != nil || !e.IsDir() {
			return err
		}
		return filepath.SkipDir
	})
}

// swapTries is how often another run may come between the two renames of a swap.
const swapTries = 100

// swap puts fresh in the place of path. The previous folder is then at fresh or at old. If two runs swap at the same
// time, both succeed, and the folder of the later one stays.
func swap(fresh, path, old string) error {
	for try := range swapTries {
		err := exchange(fresh, path)
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			// The file system cannot exchange folders: for a moment there is no report.
			err := os.Rename(path, old+strconv.Itoa(try))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err = os.Rename(fresh, path); err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			// The new report cannot be put there: the old one goes back.
			if back := os.Rename(old+strconv.Itoa(try), path); back != nil && !errors.Is(back, fs.ErrNotExist) {
				err = errors.Join(err, back)
			}
			return err
		}
	}
	return errors.New("other runs keep replacing the folder")
}

// Contents lists what a reader opens in the folder, in alphabetical order.
func (f *Folder) Contents() []string {
	names := []string{SummaryName}
	for _, format := range Formats() {
		names = append(names, format.File)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, err := os.Stat(filepath.Join(f.path, name))
		return err != nil
	})
	slices.Sort(names)
	return names
}
