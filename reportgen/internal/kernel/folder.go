package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// newFolder makes the private folder of one kernel. It holds the connection file, the
// sockets and, in tmp, the temporary files of the kernel and its cells. The path of a
// socket is limited to 104 bytes, so /tmp replaces a long TMPDIR.
func newFolder() (*workdir.Dir, error) {
	parent := os.TempDir()
	if len(parent) > 70 {
		parent = "/tmp"
	}
	d, err := workdir.Make(parent, "reportgen-")
	if err != nil {
		return nil, fmt.Errorf("create the kernel's temporary folder: %w", err)
	}
	if err := os.Mkdir(filepath.Join(d.Path, "tmp"), 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("create the kernel's temporary folder: %w", err), d.Remove())
	}
	return d, nil
}
