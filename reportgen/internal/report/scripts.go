package report

import (
	"context"
	"io"
	"slices"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/snapshot"
)

// scriptFolders returns the folders of the packages that the notebooks' kernels import,
// which ship the scripts of interactive charts.
func (r *Run) scriptFolders(ctx context.Context) []string {
	var all []string
	for _, result := range r.Results {
		if result.Notebook == nil {
			continue
		}
		spec, err := kernel.Find(ctx, nil, result.Notebook.KernelName(), result.Dir, io.Discard)
		if err != nil {
			continue // a kernel of another kind has no such packages
		}
		program, err := spec.Program()
		if err != nil {
			continue
		}
		for _, folder := range snapshot.PackageFolders(program) {
			if !slices.Contains(all, folder) {
				all = append(all, folder)
			}
		}
	}
	return all
}
