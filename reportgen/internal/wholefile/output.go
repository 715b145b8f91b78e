package wholefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Kind is what a file holds that a user can name as an output.
type Kind struct {
	name string
	mark string // bytes at the beginning or end of each such file; empty of text
}

// The kinds of outputs.
var (
	Parquet = Kind{"a Parquet file", "PAR1"}
	Profile = Kind{"a profile", "flowbook profile"}
	MMDB    = Kind{"an MMDB", "\xab\xcd\xefMaxMind.com"}
	Text    = Kind{name: "a text"}
)

// CheckOutput is check of a file that a user named. It also reports whether the file would replace one of another kind, such as
// a log whose name was given in the wrong place, or one of the inputs.
func CheckOutput(path string, kind Kind, inputs ...string) error {
	if err := errors.Join(check(path), CheckFolder(filepath.Dir(path))); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Size() == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, input := range inputs {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, info) {
			return fmt.Errorf("%s: is an input, which the output would replace; name another file", path)
		}
	}
	is, err := kind.of(path, info.Size())
	if err == nil && !is {
		err = fmt.Errorf("%s: exists and is not %s; name another file, or remove it", path, kind.name)
	}
	return err
}

// of reports whether a file is of the kind, by a few kilobytes of its beginning and end.
func (k Kind) of(path string, size int64) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	const part = 4096
	content, err := io.ReadAll(io.LimitReader(f, part))
	if err != nil {
		return false, err
	}
	end, err := io.ReadAll(io.NewSectionReader(f, max(size-part, 0), part))
	if err != nil {
		return false, err
	}
	content = append(content, end...)
	if k.mark == "" {
		return bytes.IndexByte(content, 0) < 0, nil
	}
	return bytes.Contains(content, []byte(k.mark)), nil
}

// Marker is a file that marks a folder as one that is replaced with all that is in it, such as that of a report.
const Marker = ".reportgen"

// CheckFolder reports whether what is written to a folder, which need not exist, would be lost: the folder is, or is in,
// one with a [Marker].
func CheckFolder(path string) error {
	at, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(at); err == nil {
		at = target
	}
	for ; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, Marker)); err == nil {
			return fmt.Errorf("%s: is in the folder of a report, which reportgen run replaces with all that is in it; name another folder", path)
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}
