package gonb

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
	"time"

	"golang.org/x/mod/modfile"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

// Dependencies looks up the Go packages that cells import: those of the module in
// project by the content of their files, all others by go.mod and go.sum.
func (Driver) Dependencies(ctx context.Context, project string, codes []string, _ *sources.Hasher) (kernel.Dependencies, error) {
	if project == "" {
		return unpinned{}, nil
	}
	return newModule(ctx, project, codes)
}

// unpinned are the dependencies of cells outside of a module: the standard library
// and nothing else.
type unpinned struct{}

func (unpinned) Of(_, code string) ([]sources.Source, error) {
	if len((&module{}).imports(code)) > 0 {
		return nil, errors.New("cells import packages whose versions no go.mod pins")
	}
	return nil, nil
}

func (unpinned) Unseen(string) []string { return nil }

func (unpinned) ChangedSince(time.Time) bool { return false }

// module is a Go module with the packages of it that cells import.
type module struct {
	root     string
	path     string                      // of the module
	byName   map[string][]string         // import paths of its packages by the last element
	closures map[string][]sources.Source // by import path
	files    []string                    // whose contents the closures hold
	unseen   map[string][]string         // what packages do that is not observed, by import path
}

// newModule looks up what the packages that the cells import depend on, with one call
// of the go command.
func newModule(ctx context.Context, root string, codes []string) (*module, error) {
	src, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return nil, err
	}
	m := &module{root: root, path: modfile.ModulePath(src), byName: make(map[string][]string), closures: make(map[string][]sources.Source), unseen: make(map[string][]string)}
	if err := m.walk(root, m.path); err != nil {
		return nil, err
	}
	mod, err := modfile.Parse("go.mod", src, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range mod.Replace {
		if r.New.Version != "" {
			continue
		}
		dir := filepath.FromSlash(r.New.Path)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(root, dir)
		}
		if err := m.walk(dir, r.Old.Path); err != nil && !errors.Is(err, fs.ErrNotExist) { // the go command reports it
			return nil, err
		}
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

// walk finds the packages of the module in root, or of one that it replaces by a local
// folder: GoNB imports them by name if a cell does not.
func (m *module) walk(root, modulePath string) error {
	return filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && file != root {
			_, other := os.Stat(filepath.Join(file, "go.mod")) // another module
			if other == nil || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" {
				return fs.SkipDir
			}
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		p := path.Join(modulePath, filepath.ToSlash(rel))
		if base := path.Base(p); !slices.Contains(m.byName[base], p) {
			m.byName[base] = append(m.byName[base], p)
		}
		return nil
	})
}

var qualified = regexp.MustCompile(`\b([a-z]\w*)\.[A-Z]`)

// imports are the packages outside the standard library that code imports, or that
// GoNB may import for its qualified names.
func (m *module) imports(code string) []string {
	found := make(map[string]bool)
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p;"+magic.Parse(code).Declarations(), parser.ImportsOnly)
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

// isForeign reports whether a package is outside the standard library, whose paths
// have no dot in their first element.
func (m *module) isForeign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".") || importPath == m.path || strings.HasPrefix(importPath, m.path+"/")
}

// listed is a package as go list describes it.
type listed struct {
	ImportPath, Name, Dir  string
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

// local reports whether the package's files may change, as those of a downloaded
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

const listFields = "ImportPath,Name,Dir,Standard,Deps,Module,GoFiles,CgoFiles,CFiles,HFiles,SFiles,EmbedFiles"

// list fills in the closures of the imported packages.
func (m *module) list(ctx context.Context, imports []string) error {
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
	sums := make(map[string]sources.Source)
	foreign, err := m.foreign()
	if err != nil {
		return err
	}
	for _, name := range imports {
		p := packages[name]
		if p == nil {
			return fmt.Errorf("go list in %s: %s is missing in its output", m.root, name)
		}
		if p.Name == "main" {
			continue // a program in a folder with the name of a package; nothing imports it
		}
		closure := []sources.Source{}
		for _, dep := range append([]string{name}, p.Deps...) {
			q := packages[dep]
			switch {
			case q == nil || q.Standard:
				continue
			case !q.local():
				closure = sources.Add(closure, foreign)
				continue
			}
			if _, ok := sums[dep]; !ok {
				if sums[dep], err = m.packageSource(q); err != nil {
					return err
				}
			}
			closure = sources.Add(closure, sums[dep])
			m.unseen[name] = append(m.unseen[name], m.unseen[dep]...)
		}
		m.closures[name] = closure
	}
	return nil
}

// foreign is the source that represents all packages of other modules.
func (m *module) foreign() (sources.Source, error) {
	digest := sha256.New()
	for _, name := range []string{"go.mod", "go.sum", "go.work", "go.work.sum"} {
		src, err := os.ReadFile(filepath.Join(m.root, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return sources.Source{}, err
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(src), src)
	}
	return sources.Source{Kind: sources.Modules, Name: m.path, SHA256: hex.EncodeToString(digest.Sum(nil))}, nil
}

func (m *module) packageSource(p *listed) (sources.Source, error) {
	digest := sha256.New()
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.CFiles, p.HFiles, p.SFiles, p.EmbedFiles) {
		file := filepath.Join(p.Dir, name)
		m.files = append(m.files, file)
		src, err := os.ReadFile(file)
		if err != nil {
			return sources.Source{}, err
		}
		fmt.Fprintf(digest, "%s %d\n%s", name, len(src), src)
		for _, u := range unseen {
			// Flowbook's own packages read the clock for the profile cache only.
			if strings.HasSuffix(name, ".go") && !strings.HasPrefix(p.ImportPath, "github.com/flowbook/flowbook/pkg/") && u.source.Match(src) {
				m.unseen[p.ImportPath] = append(m.unseen[p.ImportPath], fmt.Sprintf("%s, in %s", u.reason, path.Base(p.ImportPath)))
			}
		}
	}
	return sources.Source{Kind: sources.Package, Name: p.ImportPath, SHA256: hex.EncodeToString(digest.Sum(nil))}, nil
}

// Of lists the packages that code imports.
func (m *module) Of(_, code string) ([]sources.Source, error) {
	var all []sources.Source
	for _, p := range m.imports(code) {
		for _, s := range m.closures[p] {
			all = sources.Add(all, s)
		}
	}
	return all, nil
}

// Unseen lists what the packages that code imports do and is not observed.
func (m *module) Unseen(code string) []string {
	var all []string
	for _, p := range m.imports(code) {
		all = append(all, m.unseen[p]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ChangedSince reports whether the source of a package has changed.
func (m *module) ChangedSince(start time.Time) bool {
	return slices.ContainsFunc(m.files, func(f string) bool { return sources.ChangedSince(f, start) })
}
