package kernel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// InputsVariable is the environment variable that names a file to kernels. Programs in
// a kernel append to it the path of each file that their result depends on, one per
// line, absolute or relative to the kernel's working directory.
const InputsVariable = "REPORTGEN_INPUTS"

func (k *Kernel) inputsFile() string { return filepath.Join(k.dir, "inputs") }

// Inputs returns the files named in the file of [InputsVariable] since the last call,
// sorted and without duplicates.
func (k *Kernel) Inputs() ([]string, error) {
	f, err := os.Open(k.inputsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the inputs of a cell: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(k.inputsRead, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the inputs of a cell: %w", err)
	}
	src, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("read the inputs of a cell: %w", err)
	}
	k.inputsRead += int64(len(src))
	paths := strings.FieldsFunc(string(src), func(r rune) bool { return r == '\n' })
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
