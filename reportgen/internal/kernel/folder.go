package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// Sweep removes the temporary folders of killed programs, those of kernels and others. A
// new kernel does so too: Sweep is for a run that needs no kernel.
func Sweep() { workdir.Sweep(temporary(), prefix) }

const prefix = "reportgen-"

// temporary returns the folder for temporary files. The path of a socket is limited to
// 104 bytes, so /tmp replaces a long TMPDIR.
func temporary() string {
	if dir := os.TempDir(); len(dir) <= 70 {
		return dir
	}
	return "/tmp"
}

// newFolder makes the private folder of one kernel. It holds the connection file, the
// sockets and, in tmp, the temporary files of the kernel and its cells.
func newFolder() (*workdir.Dir, error) {
	d, err := workdir.Make(temporary(), prefix)
	if err != nil {
		return nil, fmt.Errorf("create the kernel's temporary folder: %w", err)
	}
	if err := os.Mkdir(filepath.Join(d.Path, "tmp"), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("create the kernel's temporary folder: %w", err), d.Remove())
	}
	return d, nil
}
