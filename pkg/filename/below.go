package filename

import (
	"os"
	"path/filepath"
	"slices"
)

// Below returns the paths of the files below a folder that end in one of some
// extensions, such as ".parquet"; sorted. It follows symbolic links to files and to
// folders, and reads a folder that several links lead to only once. A link to nothing
// is an error.
func Below(folder string, extensions ...string) ([]string, error) {
	var files []string
	seen := map[string]bool{}
	var read func(folder string) error
	read = func(folder string) error {
		target, err := filepath.EvalSymlinks(folder)
		if err != nil || seen[target] {
			return err
		}
		seen[target] = true
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		// Folders come before links to them, so that a file has the path without a link.
		slices.SortStableFunc(entries, func(a, b os.DirEntry) int { return linkOrder(a) - linkOrder(b) })
		for _, e := range entries {
			path := filepath.Join(folder, e.Name())
			isFolder := e.IsDir()
			if e.Type()&os.ModeSymlink != 0 {
				info, err := os.Stat(path)
				if err != nil {
					return err
				}
				isFolder = info.IsDir()
			}
			switch {
			case isFolder:
				if err := read(path); err != nil {
					return err
				}
			case slices.Contains(extensions, filepath.Ext(path)):
				files = append(files, path)
			}
		}
		return nil
	}
	err := read(folder)
	slices.Sort(files)
	return files, err
}

func linkOrder(e os.DirEntry) int {
	if e.Type()&os.ModeSymlink != 0 {
		return 1
	}
	return 0
}
