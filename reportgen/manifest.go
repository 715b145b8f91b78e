package main

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
	"slices"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/reportgen/execute"
)

// manifestName is the file in a report's folder that says what the report was
// made from, so that reportgen check can say what made it stale.
const manifestName = "sources.json"

// manifest is the content of that file. It holds no path of a machine.
type manifest struct {
	Reportgen  string              `json:"reportgen"`        // its version
	Config     string              `json:"config,omitempty"` // the SHA-256 of report.yaml
	Parameters []manifestParameter `json:"parameters,omitempty"`
	Notebooks  []manifestNotebook  `json:"notebooks"`
}

type manifestParameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type manifestNotebook struct {
	Name    string           `json:"name"`
	Kernel  string           `json:"kernel,omitempty"` // the versions of the kernel and its language
	Cells   []manifestCell   `json:"cells"`
	Sources []execute.Source `json:"sources,omitempty"`
}

// manifestCell is the source of a cell, as people wrote it.
type manifestCell struct {
	ID     string `json:"id"`
	SHA256 string `json:"sha256"`
}

func newManifest(e *executed) manifest {
	m := manifest{Reportgen: version()}
	if src, err := os.ReadFile(filepath.Join(e.source.dir, configName)); err == nil {
		sum := sha256.Sum256(src)
		m.Config = hex.EncodeToString(sum[:])
	}
	for _, p := range e.params {
		m.Parameters = append(m.Parameters, manifestParameter{p.Name, fmt.Sprint(shown(p))})
	}
	for _, r := range e.results {
		n := manifestNotebook{Name: r.Name, Kernel: r.Kernel}
		for _, c := range r.Notebook.Cells {
			if c.HasTag("injected-parameters") {
				continue // the parameters say it
			}
			sum := sha256.Sum256([]byte(c.Type + "\n" + c.Source))
			n.Cells = append(n.Cells, manifestCell{c.ID, hex.EncodeToString(sum[:])})
		}
		n.Sources = portable(r.Sources, r.Dir)
		m.Notebooks = append(m.Notebooks, n)
	}
	return m
}

// portable are sources with names that do not tell the machine: paths from the root
// of the project that the notebook lies in, and of what lies elsewhere the names that
// tell it from the others.
func portable(sources []execute.Source, dir string) []execute.Source {
	root := projectRoot(dir)
	var elsewhere []string
	inside := make(map[string]string)
	for _, s := range sources {
		switch s.Kind {
		case execute.KindFile, execute.KindFiles, execute.KindFolder:
		default:
			inside[s.Name] = s.Name // no path
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

// projectRoot is the nearest folder at or above dir that is a Go module's or a Git
// work tree's, and dir itself where there is none.
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

func writeManifest(dir string, e *executed) error {
	src, err := json.MarshalIndent(newManifest(e), "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, manifestName), append(src, '\n'), 0o666)
}

// readManifest reads the one in dir; found is false where there is none.
func readManifest(dir string) (m manifest, found bool, err error) {
	file := filepath.Join(dir, manifestName)
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err != nil {
		return m, false, err
	}
	if err := json.Unmarshal(src, &m); err != nil {
		return m, false, fmt.Errorf("%s: %w: make the report again", file, err)
	}
	return m, true, nil
}

// reasons says what is not as it was, of what a report was made from.
func reasons(was, is manifest) []string {
	var all []string
	if was.Reportgen != "" && was.Reportgen != is.Reportgen { // before they told it, none is known
		all = append(all, fmt.Sprintf("reportgen is %s, and was %s", is.Reportgen, was.Reportgen))
	}
	if was.Config != is.Config {
		all = append(all, configName+" was edited")
	}
	all = append(all, parameterReasons(was, is)...)
	users := make(map[string][]string) // notebooks by what changed
	var order []string
	note := func(what, notebook string) {
		if users[what] == nil {
			order = append(order, what)
		}
		if !slices.Contains(users[what], notebook) {
			users[what] = append(users[what], notebook)
		}
	}
	for _, n := range is.Notebooks {
		at := slices.IndexFunc(was.Notebooks, func(o manifestNotebook) bool { return o.Name == n.Name })
		if at < 0 {
			all = append(all, fmt.Sprintf("notebook %s is new", n.Name))
			continue
		}
		all = append(all, cellReasons(was.Notebooks[at], n)...)
		if old := was.Notebooks[at].Kernel; old != "" && n.Kernel != "" && old != n.Kernel {
			note(fmt.Sprintf("the kernel is %s, and was %s", n.Kernel, old), n.Name)
		}
		for _, what := range sourceReasons(was.Notebooks[at].Sources, n.Sources) {
			note(what, n.Name)
		}
	}
	for _, n := range was.Notebooks {
		if !slices.ContainsFunc(is.Notebooks, func(o manifestNotebook) bool { return o.Name == n.Name }) {
			all = append(all, fmt.Sprintf("notebook %s is gone", n.Name))
		}
	}
	for _, what := range order {
		all = append(all, fmt.Sprintf("%s (%s)", what, joinNames(users[what])))
	}
	return all
}

// parameterReasons names the parameters that have another value.
func parameterReasons(was, is manifest) []string {
	var all []string
	old := make(map[string]string)
	for _, p := range was.Parameters {
		old[p.Name] = p.Value
	}
	for _, p := range is.Parameters {
		if v, ok := old[p.Name]; !ok || v != p.Value {
			all = append(all, fmt.Sprintf("parameter %s is %s, and was %s", p.Name, p.Value, orDefaultText(v, ok)))
		}
		delete(old, p.Name)
	}
	for _, p := range was.Parameters {
		if v, ok := old[p.Name]; ok {
			all = append(all, fmt.Sprintf("parameter %s has its default, and was %s", p.Name, v))
		}
	}
	return all
}

func orDefaultText(v string, given bool) string {
	if !given {
		return "its default"
	}
	return v
}

func joinNames(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s, %s and %d more", names[0], names[1], len(names)-2)
	}
	text := names[0]
	for _, n := range names[1:] {
		text += ", " + n
	}
	return text
}

// cellReasons names the cells of a notebook whose text is another.
func cellReasons(was, is manifestNotebook) []string {
	sums := make(map[string]string)
	for _, c := range was.Cells {
		sums[c.ID] = c.SHA256
	}
	var all []string
	for i, c := range is.Cells {
		sum, known := sums[c.ID]
		switch {
		case !known:
			all = append(all, fmt.Sprintf("%s: cell %d (%s) is new", is.Name, i+1, c.ID))
		case sum != c.SHA256:
			all = append(all, fmt.Sprintf("%s: cell %d (%s) was edited", is.Name, i+1, c.ID))
		}
		delete(sums, c.ID)
	}
	for _, c := range was.Cells {
		if _, gone := sums[c.ID]; gone {
			all = append(all, fmt.Sprintf("%s: cell %s is gone", is.Name, c.ID))
		}
	}
	return all
}

// sourceReasons names the sources of a notebook that are others.
func sourceReasons(was, is []execute.Source) []string {
	words := map[string]string{
		execute.KindFile: "file", execute.KindFolder: "folder", execute.KindFiles: "files", execute.KindModules: "go.mod or go.sum of",
		execute.KindEnvironment: "environment variable", execute.KindPackage: "package",
	}
	sums := make(map[[2]string]string)
	for _, s := range was {
		sums[[2]string{s.Kind, s.Name}] = s.SHA256
	}
	var all []string
	for _, s := range is {
		key := [2]string{s.Kind, s.Name}
		sum, known := sums[key]
		switch {
		case !known:
			all = append(all, fmt.Sprintf("%s %s is a new input", words[s.Kind], s.Name))
		case sum != s.SHA256:
			all = append(all, fmt.Sprintf("%s %s changed", words[s.Kind], s.Name))
		}
		delete(sums, key)
	}
	for _, s := range was {
		if _, gone := sums[[2]string{s.Kind, s.Name}]; gone {
			all = append(all, fmt.Sprintf("%s %s is no input any more", words[s.Kind], s.Name))
		}
	}
	return all
}
