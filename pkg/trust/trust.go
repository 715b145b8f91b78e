// Package trust reads files, such as those of a cache, only if no other user can
// have written them.
//
//	text, err := trust.ReadFile(path)
//	var foreign *trust.Error
//	if errors.As(err, &foreign) {
//		// compute it again
//	}
//
// A file or folder is trusted if it belongs to the user that runs the program, or
// to root, and if others cannot write to it. A user's private group, whose number is
// that of the user, is not counted as others. On systems without such owners, all
// files are trusted.
package trust

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Error is the error of a file or folder that another user may have written.
type Error struct {
	Path   string
	Reason string // such as "belongs to another user"
	Folder bool   // whether it is a folder
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Reason) }

// ReadFile reads a file. The error is an [Error] if the file, or the folder that it
// is in, is not trusted.
func ReadFile(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
	if _, err := b.ReadFrom(f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Open opens a file that ReadFile would read.
func Open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := check(f, path); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func check(f *os.File, path string) error {
	if err := CheckFolder(filepath.Dir(path)); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if reason := distrust(info); reason != "" {
		return &Error{Path: path, Reason: reason}
	}
	return nil
}

// CheckFolder returns an [Error] if a folder is not trusted. A folder that does not
// exist is.
func CheckFolder(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if reason := distrust(info); reason != "" {
		return &Error{Path: path, Reason: reason, Folder: true}
	}
	return nil
}
