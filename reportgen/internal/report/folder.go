package report

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

// marker is a file that marks a report's folder. No folder without it is ever replaced.
const marker = ".reportgen"

const markerText = "Made by reportgen run, which replaces this folder when it runs again.\n"

// Folder is the folder of a report, which is replaced as a whole or not at all.
type Folder struct {
	path string // absolute, with symbolic links resolved
}

// NewFolder returns the folder at path, which need not exist. It returns an error if the path exists and is not a
// report's folder.
func NewFolder(path string) (*Folder, error) {
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
		return &Folder{abs}, nil
	case err != nil:
		return nil, fmt.Errorf("%s: exists and is not a report folder: %w", path, err)
	case len(entries) > 0 && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == marker }):
		return nil, fmt.Errorf("%s: exists and is not a report folder (it has no file %s): name another, or empty it", path, marker)
	}
	return &Folder{abs}, nil
}

// Path is the folder's absolute path.
func (f *Folder) Path() string { return f.path }

// Replace lets write fill a new folder and puts it in the place of the old one. If write fails, the old one stays.
func (f *Folder) Replace(write func(dir string) error) (err error) {
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
	var names []string
	for _, name := range []string{HTMLName, NotebooksName, MarkdownName, PDFName, SiteName} {
		if _, err := os.Stat(filepath.Join(f.path, name)); err == nil {
			names = append(names, name)
		}
	}
	return names
}
