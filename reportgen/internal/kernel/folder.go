package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// newFolder makes the private folder of one kernel: its connection file, its
// sockets and, in tmp, whatever the kernel and its cells put in the temporary
// folder. A socket's path has to stay under 104 bytes, so a long TMPDIR is left for
// /tmp.
func newFolder() (*workdir.Dir, error) {
	parent := os.TempDir()
	if len(parent) > 70 {
		parent = "/tmp"
	}
	d, err := workdir.Make(parent, "reportgen-")
	if err != nil {
		return nil, fmt.Errorf("make the kernel's temporary folder: %w", err)
	}
	if err := os.Mkdir(filepath.Join(d.Path, "tmp"), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make the kernel's temporary folder: %w", err), d.Remove())
	}
	return d, nil
}
