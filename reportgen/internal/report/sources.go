package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/reportgen/execute"
)

// SourcesName is the file that lists what a report was made from.
const SourcesName = "sources.json"

// Sources lists what a report was made from, without any path of a machine and
// without hashes of what may be secret: a hash of a password is as good as the
// password if it can be guessed. See collectSources.
type Sources struct {
	Reportgen string `json:"reportgen"`        // its version
	Config    string `json:"config,omitempty"` // the SHA-256 of report.yaml

	Translations string           `json:"translations,omitempty"` // the SHA-256 of the catalog of translations
	Parameters   []Parameter      `json:"parameters,omitempty"`
	Notebooks    []NotebookSource `json:"notebooks"`
}

// Parameter is a parameter that was set, as the report shows it.
type Parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// NotebookSource is what a notebook's outputs come from.
type NotebookSource struct {
	Name    string           `json:"name"`
	Kernel  string           `json:"kernel,omitempty"` // the versions of the kernel and its language
	Cells   []CellSource     `json:"cells"`
	Sources []execute.Source `json:"sources,omitempty"`
}

// CellSource is the source of a cell before it ran.
type CellSource struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"`
}

// collectSources returns what the run depended on. The version is that of this program.
//
// There are hashes of the values of parameters, of the project's files, and of the
// files that parameters name. There are none of environment variables, other files
// outside of the project, hidden files, and files that only their owner may read.
func (r *Run) collectSources(version string) Sources {
	s := Sources{Reportgen: version}
	if src, err := os.ReadFile(filepath.Join(r.source.dir, ConfigName)); err == nil {
		sum := sha256.Sum256(src)
		s.Config = hex.EncodeToString(sum[:])
	}
	if _, src, err := r.source.translations(); err == nil && src != nil {
		sum := sha256.Sum256(src)
		s.Translations = hex.EncodeToString(sum[:])
	}
	for _, p := range r.parameters {
		s.Parameters = append(s.Parameters, Parameter{p.Name, shown(p)})
	}
	for _, result := range r.Results {
		n := NotebookSource{Name: result.Name, Kernel: result.Kernel}
		for _, c := range result.Notebook.Cells {
			if c.HasTag("injected-parameters") {
				continue // its values are listed as parameters
			}
			sum := sha256.Sum256([]byte(c.Type + "\n" + c.Source))
			n.Cells = append(n.Cells, CellSource{c.ID, hex.EncodeToString(sum[:])})
		}
		n.Sources = portable(r.published(result.Sources, result.Dir), result.Dir)
		s.Notebooks = append(s.Notebooks, n)
	}
	return s
}

// published returns sources without the hashes of what may be secret.
func (r *Run) published(sources []execute.Source, dir string) []execute.Source {
	root := projectRoot(dir)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs // as the names of files are
	}
	given := map[string]bool{}
	for _, p := range r.parameters {
		given[fmt.Sprint(p.Value)] = true
	}
	var all []execute.Source
	for _, s := range sources {
		switch {
		case !s.Exists() || given[s.Name]:
		case s.Kind == execute.KindPackage || s.Kind == execute.KindModules:
		case s.Kind == execute.KindEnvironment || private(dir, s.Name) && private(root, s.Name):
			s.SHA256 = ""
		}
		all = append(all, s)
	}
	return all
}

// private reports whether the content of a file or folder may be secret, as far as
// a project with this root is concerned.
func private(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return true
	}
	for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
		if len(part) > 1 && part[0] == '.' {
			return true
		}
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 == 0
}

// portable renames sources so that they do not depend on the machine: files in the project of the notebook's folder get
// their path from its root, and files elsewhere the shortest name that is unique.
func portable(sources []execute.Source, dir string) []execute.Source {
	root := projectRoot(dir)
	var elsewhere []string
	inside := make(map[string]string)
	for _, s := range sources {
		switch s.Kind {
		case execute.KindFile, execute.KindFiles, execute.KindFolder:
		default:
			inside[s.Name] = s.Name // not a path
			continue
		}
		rel, err := filepath.Rel(root, s.Name)
		if err != nil || !filepath.IsLocal(rel) {
			elsewhere = append(elsewhere, s.Name)
			continue
		}
		inside[s.Name] = filepath.ToSlash(rel)
	}
	names := filename.Distinct(elsewhere)
	var all []execute.Source
	for _, s := range sources {
		s.Name = cmp.Or(inside[s.Name], names[s.Name])
		all = append(all, s)
	}
	return all
}

// projectRoot is the nearest folder at or above dir that holds a Go module or a Git work tree, or dir itself without
// one.
func projectRoot(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	for up := abs; ; up = filepath.Dir(up) {
		for _, name := range []string{"go.mod", ".git"} {
			if _, err := os.Stat(filepath.Join(up, name)); err == nil {
				return up
			}
		}
		if up == filepath.Dir(up) {
			return abs
		}
	}
}

// pictureRoot returns the folder that pictures in prose may come from, and the slash-separated path of the notebooks'
// folder in it. The folder is that of the notebooks' project. If they belong to none, it is the current folder if theirs
// is directly in it, which allows images/ beside notebooks/, else their own.
func pictureRoot(dir string) (root, folder string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", err
	}
	root = projectRoot(dir)
	if root == dir {
		if cwd, err := os.Getwd(); err == nil && filepath.Dir(dir) == cwd && filepath.Dir(cwd) != cwd {
			root = cwd
		}
	}
	folder, err = filepath.Rel(root, dir)
	return root, filepath.ToSlash(folder), err
}

func (s Sources) write(dir string) error {
	src, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, SourcesName), append(src, '\n'), 0o666)
}

// ReadSources reads the sources of the report in dir. If it has none, found is false.
func ReadSources(dir string) (s Sources, found bool, err error) {
	file := filepath.Join(dir, SourcesName)
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err != nil {
		return s, false, err
	}
	if err := json.Unmarshal(src, &s); err != nil {
		return s, false, fmt.Errorf("%s: %w; make the report again", file, err)
	}
	return s, true, nil
}
