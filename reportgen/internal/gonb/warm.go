package gonb

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// warmLimit bounds how long gopls may take to read the packages that cells import. It
// keeps what it has read in a cache of the user, so later kernels answer at once.
const warmLimit = 2 * time.Minute

// warm starts the installed kernel and completes code in a cell with all imports of
// the module's notebooks, so that the first completion of a user does not wait.
func warm(ctx context.Context, root string, spec *kernel.Spec, progress io.Writer) error {
	codes, err := notebookCells(root)
	if err != nil {
		return err
	}
	m, err := newModule(ctx, root, codes)
	if err != nil {
		return err
	}
	var imports []string
	for _, code := range codes {
		imports = append(imports, m.imports(code)...)
	}
	var cell strings.Builder
	seen := make(map[string]bool)
	for _, p := range imports {
		if !seen[p] && !m.isInternal(p) {
			fmt.Fprintf(&cell, "import _ %q\n", p)
		}
		seen[p] = true
	}
	cell.WriteString("%%\nfmt.") // it does not parse, so GoNB keeps imports that it does not use
	fmt.Fprintln(progress, "reading the packages that cells import, for completion")
	k, err := kernel.Start(ctx, kernel.Options{Spec: spec, Dir: root})
	if err != nil {
		return err
	}
	defer k.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, warmLimit, fmt.Errorf("no answer within %v", warmLimit))
	defer cancel()
	for {
		// GoNB gives up after seconds, and gopls goes on where it was.
		reply, err := k.Request(ctx, "complete_request", map[string]any{"code": cell.String(), "cursor_pos": len(cell.String())})
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
