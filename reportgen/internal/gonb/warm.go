package gonb

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// warmLimit bounds how long gopls may take to read the packages that cells import. It
// keeps what it has read in a cache of the user, so later kernels answer at once.
const warmLimit = 2 * time.Minute

// cellPackage is the package that nearly every cell imports, with the others of Flowbook.
const cellPackage = "github.com/flowbook/flowbook/pkg/nb"

// warm starts the installed kernel, runs a cell that imports cellPackage, if it is one of
// imports, and completes code in a cell, for which gopls reads all of them, so that neither
// the first cell nor the first completion of a user waits for that.
func warm(ctx context.Context, spec *kernel.Spec, imports []string, progress io.Writer) error {
	const cell = "%%\nfmt."
	fmt.Fprintln(progress, "compiling and reading the packages that cells import (once)")
	k, err := kernel.Start(ctx, kernel.Options{Spec: spec, Dir: spec.Project})
	if err != nil {
		return err
	}
	defer k.Close()
	if slices.Contains(imports, cellPackage) {
		// If it does not compile, the user's own cells say why.
		if _, err := k.Execute(ctx, "import _ \""+cellPackage+"\"\n%%\n"); err != nil && ctx.Err() != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, warmLimit, fmt.Errorf("no answer within %v", warmLimit))
	defer cancel()
	for {
		// GoNB gives up after seconds, and gopls goes on where it was.
		reply, err := k.Request(ctx, "complete_request", map[string]any{"code": cell, "cursor_pos": len(cell)})
		if err != nil {
			return err
		}
		var content struct{ Matches []string }
		if err := json.Unmarshal(reply, &content); err != nil {
			return fmt.Errorf("complete reply: %w", err)
		}
		if len(content.Matches) > 0 {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// editorImports lists the packages that the notebooks of the module in root import, and
// those of the module that these need: an editor knows them before a cell imports them.
func editorImports(ctx context.Context, root string) ([]string, error) {
	codes, err := notebookCells(root)
	if err != nil {
		return nil, err
	}
	m, err := newModule(ctx, root, codes)
	if err != nil {
		return nil, err
	}
	imports := make(map[string]bool)
	for p, closure := range m.closures {
		imports[p] = true
		for _, s := range closure {
			if s.Kind == sources.Package {
				imports[s.Name] = true
			}
		}
	}
	maps.DeleteFunc(imports, func(p string, _ bool) bool { return m.isInternal(p) })
	return slices.Sorted(maps.Keys(imports)), nil
}

// isInternal reports whether only the module's own packages may import a package, or
// none, because it is a program.
func (m *module) isInternal(importPath string) bool {
	return strings.Contains(importPath+"/", "/internal/") || importPath == m.path
}

// notebookCells are the code cells of the notebooks below root that have Go cells.
func notebookCells(root string) ([]string, error) {
	var codes []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(d.Name(), ".ipynb") {
			return nil
		}
		n, err := nbformat.ReadFile(name)
		if err != nil {
			return nil //nolint:nilerr // running it reports the error
		}
		for _, c := range n.Cells {
			if c.Type == nbformat.Code {
				codes = append(codes, c.Source)
			}
		}
		return nil
	})
	return codes, err
}
