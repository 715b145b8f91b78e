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

	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

// inputsVariable is the environment variable that names a file to kernels. Programs in
// a kernel append to it the path of each file that their result depends on, one per
// line, absolute or relative to the kernel's working directory.
const inputsVariable = "REPORTGEN_INPUTS"

// Observed returns what the last cell read, without the kernel's private folder and the
// environment variables that are set for the kernel.
func (k *Kernel) Observed() (Observation, error) {
	o, err := k.session.Observed()
	if err != nil {
		return Observation{}, err
	}
	o.Reads = slices.DeleteFunc(o.Reads, func(s sources.Source) bool {
		if s.Kind == sources.Environment {
			return slices.ContainsFunc(k.env, func(e string) bool { return strings.HasPrefix(e, s.Name+"=") })
		}
		return s.Name == k.dir || strings.HasPrefix(s.Name, k.dir+string(filepath.Separator))
	})
	return o, nil
}

func (k *Kernel) inputsFile() string { return filepath.Join(k.dir, "inputs") }

// Inputs returns the files named in the file of inputsVariable since the last call,
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
