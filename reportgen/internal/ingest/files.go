package ingest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// find lists the files to read: those named, and those in the folders named,
// at any depth, whose names the format wants. The list is sorted and holds no
// file twice; passed are the files of the folders that the format did not want.
func find(f Format, paths []string) (files, passed []string, err error) {
	if len(paths) == 0 {
		return nil, nil, fmt.Errorf("no file or folder to read is named")
	}
	for _, path := range paths {
		if path == stdin {
			files = append(files, path)
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, err
		}
		if !info.IsDir() {
			files = append(files, filepath.Clean(path))
			continue
		}
		wanted, others, err := walk(f, path)
		if err != nil {
			return nil, nil, err
		}
		if len(wanted) == 0 {
			return nil, nil, fmt.Errorf("%s: no file in this folder is named as %s logs are (%s); name the files one by one to read them nonetheless",
				path, f.Name, f.Wanted)
		}
		files = append(files, wanted...)
		passed = append(passed, others...)
	}
	slices.Sort(files)
	slices.Sort(passed)
	files = slices.Compact(files)
	// What was named itself is read, even where its folder passed it over.
	passed = slices.DeleteFunc(slices.Compact(passed), func(p string) bool {
		_, named := slices.BinarySearch(files, p)
		return named
	})
	return files, passed, nil
}

// walk lists the files under a folder. A link to a file counts as a file; a
// link to a folder is not followed, since Zeek links the current logs.
func walk(f Format, dir string) (wanted, others []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := os.Stat(path); err != nil {
			return err
		} else if !info.Mode().IsRegular() {
			return nil
		}
		if f.Wants(filepath.Base(path)) {
			wanted = append(wanted, path)
		} else {
			others = append(others, path)
		}
		return nil
	})
	return wanted, others, err
}
