package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// stdin is the path that means the standard input.
const stdin = "-"

// input is a file, pipe or standard input that is read from its beginning,
// once.
type input struct {
	name string
	r    *bufio.Reader
	file io.Closer // nil for the standard input, which others opened
}

func openInput(name string, in io.Reader) (*input, error) {
	if name == stdin {
		if in == nil {
			return nil, errors.New("-: there is no standard input to read")
		}
		return &input{name: name, r: bufio.NewReader(in)}, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &input{name, bufio.NewReader(file), file}, nil
}

// isParquet looks at the first bytes, without reading them.
func (i *input) isParquet() (bool, error) {
	magic, err := i.r.Peek(4)
	if err != nil && len(magic) == 0 && !errors.Is(err, io.EOF) {
		return false, err
	}
	return string(magic) == "PAR1", nil
}

func (i *input) Read(p []byte) (int, error) { return i.r.Read(p) }

func (i *input) Close() error {
	if i.file == nil {
		return nil
	}
	return i.file.Close()
}

// Files lists the logs of a format that Open would read.
func Files(f Format, paths []string) ([]string, error) {
	files, _, err := find(f, paths)
	return files, err
}

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
			wanted, others = byContent(f, others)
		}
		if len(wanted) == 0 {
			return nil, nil, fmt.Errorf("%s: no file in this folder is named as %s logs are (%s), or looks like one; name the files one by one to read them nonetheless",
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

// byContent returns the files that are logs of a format by their content, and the others.
func byContent(f Format, files []string) (wanted, others []string) {
	for _, file := range files {
		if name, err := sniff(file); err == nil && name == f.Name {
			wanted = append(wanted, file)
		} else {
			others = append(others, file)
		}
	}
	return wanted, others
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
