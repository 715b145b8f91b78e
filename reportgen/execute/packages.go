package execute

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

// modules are the Go packages that cells may import from one module: which
// sources each of them stands for.
type modules struct {
	root     string
	path     string              // of the module
	byName   map[string][]string // import paths of its packages by the last element
	closures map[string][]Source // by import path
	files    []string            // whose contents the closures hold
}

// newModules looks up what the packages that are imported by the cells depend on,
// with one call of the go command.
func newModules(ctx context.Context, root string, codes []string) (*modules, error) {
	src, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	m := &modules{root: root, path: modfile.ModulePath(src), byName: make(map[string][]string), closures: make(map[string][]Source)}
	if err := m.walk(); err != nil {
		return nil, err
	}
	imports := make(map[string]bool)
	for _, code := range codes {
		for _, p := range m.imports(code) {
			imports[p] = true
		}
	}
	if len(imports) > 0 {
		err = m.list(ctx, slices.Sorted(maps.Keys(imports)))
	}
	return m, err
}

// walk finds the packages of the module: GoNB adds an import that a cell lacks.
func (m *modules) walk() error {
	return filepath.WalkDir(m.root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && file != m.root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(m.root, filepath.Dir(file))
		if err != nil {
			return err
		}
		p := path.Join(m.path, filepath.ToSlash(rel))
		if base := path.Base(p); !slices.Contains(m.byName[base], p) {
			m.byName[base] = append(m.byName[base], p)
		}
		return nil
	})
}

var qualified = regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`)

// imports are the packages outside the standard library that code imports, or
// that its qualified names may make GoNB import.
func (m *modules) imports(code string) []string {
	found := make(map[string]bool)
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+withoutMagic(code), parser.ImportsOnly)
	if err == nil {
		for _, spec := range file.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil && m.isForeign(p) {
				found[p] = true
			}
		}
	}
	for _, q := range qualified.FindAllStringSubmatch(code, -1) {
		for _, p := range m.byName[q[1]] {
			found[p] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// isForeign reports whether a package is none of the standard library's, whose
// paths have no dot in their first element.
func (m *modules) isForeign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".") || importPath == m.path || strings.HasPrefix(importPath, m.path+"/")
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir        string
	Standard               bool
	Deps                   []string
	Module                 *listedModule
	GoFiles, CgoFiles      []string
	CFiles, HFiles, SFiles []string
	EmbedFiles             []string
}

type listedModule struct {
	Version string
	Replace *listedModule
}

// local reports whether the package's files may change: those of a downloaded
// module never do.
func (p *listed) local() bool {
	if p.Module == nil {
		return true
	}
	if p.Module.Replace != nil {
		return p.Module.Replace.Version == ""
	}
	return p.Module.Version == ""
}

const listFields = "ImportPath,Dir,Standard,Deps,Module,GoFiles,CgoFiles,CFiles,HFiles,SFiles,EmbedFiles"

// list fills in the closures of the imported packages.
func (m *modules) list(ctx context.Context, imports []string) error {
	args := append([]string{"list", "-e", "-deps", "-json=" + listFields, "--"}, imports...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = m.root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list in %s: %w\n%s", m.root, err, stderr.String())
	}
	packages := make(map[string]*listed)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("go list in %s: %w", m.root, err)
		}
		packages[p.ImportPath] = &p
	}
	sums := make(map[string]Source)
	foreign, err := m.foreign()
	if err != nil {
		return err
	}
	for _, name := range imports {
		p := packages[name]
		if p == nil {
			return fmt.Errorf("go list in %s: it does not tell of %s", m.root, name)
		}
		closure := []Source{}
		for _, dep := range append([]string{name}, p.Deps...) {
			q := packages[dep]
			switch {
			case q == nil || q.Standard:
				continue
			case !q.local():
				closure = addSource(closure, foreign)
				continue
			}
			if _, ok := sums[dep]; !ok {
				if sums[dep], err = m.packageSource(q); err != nil {
					return err
				}
			}
			closure = addSource(closure, sums[dep])
		}
		m.closures[name] = closure
	}
	return nil
}

// foreign is the source that stands for all packages of other modules.
func (m *modules) foreign() (Source, error) {
	digest := sha256.New()
	for _, name := range []string{"go.mod", "go.sum", "go.work", "go.work.sum"} {
		src, err := os.ReadFile(filepath.Join(m.root, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Source{}, err
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(src), src)
	}
	return Source{Kind: KindModules, Name: m.path, SHA256: hex.EncodeToString(digest.Sum(nil))}, nil
}

func (m *modules) packageSource(p *listed) (Source, error) {
	digest := sha256.New()
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.CFiles, p.HFiles, p.SFiles, p.EmbedFiles) {
		file := filepath.Join(p.Dir, name)
		m.files = append(m.files, file)
		src, err := os.ReadFile(file)
		if err != nil {
			return Source{}, err
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(src), src)
	}
	return Source{Kind: KindPackage, Name: p.ImportPath, SHA256: hex.EncodeToString(digest.Sum(nil))}, nil
}

// sources are those of all that code imports.
func (m *modules) sources(code string) []Source {
	var all []Source
	for _, p := range m.imports(code) {
		for _, s := range m.closures[p] {
			all = addSource(all, s)
		}
	}
	return all
}
