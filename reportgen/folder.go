package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// marker is the file in a report's folder that says who made it, so that no other
// folder is ever replaced.
const marker = ".reportgen"

const markerText = "Made by reportgen run, which replaces this folder when it runs again.\n"

// folder is the folder of a report, replaced as a whole or not at all.
type folder struct {
	path string // absolute, and no symbolic link
}

// newFolder is the folder at path, which need not exist. It is an error where
// what is there now was not made by reportgen.
func newFolder(path string) (*folder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if target, err := filepath.EvalSymlinks(abs); err == nil {
		abs = target
	}
	entries, err := os.ReadDir(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &folder{abs}, nil
	case err != nil:
		return nil, fmt.Errorf("-o %s: it is there and not a folder that can be replaced: %w", path, err)
	case len(entries) > 0 && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == marker }):
		return nil, fmt.Errorf("-o %s: the folder holds other files than a report (it has no file %s): name another, or empty it", path, marker)
	}
	return &folder{abs}, nil
}

// replace lets write fill a new folder and puts it in the place of the old one.
// Where write fails the old one stays as it was.
func (f *folder) replace(write func(dir string) error) (err error) {
	parent, name := filepath.Split(f.path)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	work, err := workdir.Make(parent, "."+name+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.Remove()) }()
	fresh, old := filepath.Join(work.Path, "new"), filepath.Join(work.Path, "old")
	if err := os.Mkdir(fresh, 0o777); err != nil {
		return err
	}
	if err := write(fresh); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(fresh, marker), []byte(markerText), 0o666); err != nil {
		return err
	}
	if err := swap(fresh, f.path, old); err != nil {
		return fmt.Errorf("replace the report: %w", err)
	}
	return nil
}

// swapTries is how often another run may get between the two renames of a swap.
const swapTries = 100

// swap puts fresh in the place of path. What was there is then at fresh or at old:
// two runs at once leave the folder of the one that came last, and both end well.
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
			// The file system cannot exchange: for a moment there is no report.
			err := os.Rename(path, old+strconv.Itoa(try))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err = os.Rename(fresh, path); err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			// Nothing can be put there: the old report goes back.
			if back := os.Rename(old+strconv.Itoa(try), path); back != nil && !errors.Is(back, fs.ErrNotExist) {
				err = errors.Join(err, back)
			}
			return err
		}
	}
	return errors.New("other runs keep replacing the folder")
}

// made lists what a reader opens in the folder, in alphabetical order.
func (f *folder) made() []string {
	var names []string
	for _, name := range []string{"index.html", "notebooks", "report.md", "report.pdf", "site"} {
		if _, err := os.Stat(filepath.Join(f.path, name)); err == nil {
			names = append(names, name)
		}
	}
	return names
}
