package report

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Source is a list of notebooks and the report.yaml beside them.
type Source struct {
	dir       string // of report.yaml and of the relative paths in it
	config    config
	notebooks []string // paths, in order
	chosen    bool     // the notebooks were named one by one, not by report.yaml

	input    *execute.Input    // the only notebook, if it is not a file
	catalogs map[string][]byte // its translations, by language
}

// FindSource finds the notebooks that command-line arguments name: notebooks, folders of them, or nothing for those in
// the current folder or in its subfolder notebooks.
func FindSource(args []string) (*Source, error) {
	if len(args) == 0 {
		return defaultSource()
	}
	info, err := stat(args[0])
	if err != nil {
		return nil, err
	}
	if info.IsDir() && len(args) == 1 {
		return folderSource(args[0])
	}
	s := &Source{dir: args[0], chosen: true}
	if !info.IsDir() {
		s.dir = filepath.Dir(args[0])
	}
	if s.config, _, err = readConfig(s.dir); err != nil {
		return nil, err
	}
	for _, arg := range args {
		info, err := stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			s.notebooks = append(s.notebooks, arg)
			continue
		}
		inner, err := folderSource(arg)
		if err != nil {
			return nil, err
		}
		s.notebooks = append(s.notebooks, inner.notebooks...)
	}
	return s, nil
}

// stat describes a notebook or folder that a user named.
func stat(name string) (fs.FileInfo, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such notebook or folder", name)
	}
	return info, err
}

// defaultSource is the source that a command without arguments uses.
func defaultSource() (*Source, error) {
	for _, dir := range []string{".", "notebooks"} {
		_, found, err := readConfig(dir)
		if err != nil {
			return nil, err
		}
		if found {
			return folderSource(dir)
		}
	}
	if _, err := os.Stat("notebooks"); err != nil {
		return nil, fmt.Errorf("nothing to run: no %s and no folder notebooks here; name notebooks or a folder of them", ConfigName)
	}
	return folderSource("notebooks")
}

// folderSource is what report.yaml in dir lists, or every notebook in dir.
func folderSource(dir string) (*Source, error) {
	c, _, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	s := &Source{dir: dir, config: c}
	for _, name := range c.Notebooks {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: notebook %q: not below this folder", filepath.Join(dir, ConfigName), name)
		}
		s.notebooks = append(s.notebooks, filepath.Join(dir, name))
	}
	if len(s.notebooks) == 0 {
		if s.notebooks, err = filepath.Glob(filepath.Join(dir, "*.ipynb")); err != nil {
			return nil, err
		}
		slices.SortFunc(s.notebooks, compareNatural)
	}
	if len(s.notebooks) == 0 {
		return nil, fmt.Errorf("%s: no notebook (*.ipynb) and no %s that lists any", dir, ConfigName)
	}
	return s, nil
}

// compareNatural compares names so that numbers in them are in the order of their values: 2-hosts before 10-summary.
func compareNatural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		m, n := digits(x), digits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		i, j := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
		if c := cmp.Or(cmp.Compare(len(i), len(j)), strings.Compare(i, j)); c != 0 {
			return c
		}
		x, y = x[m:], y[n:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
}

// digits is the number of digits that s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// Files returns the paths of report.yaml, which may not exist, and of the notebooks.
func (s *Source) Files() []string {
	return append([]string{filepath.Join(s.dir, ConfigName)}, s.notebooks...)
}

// read reads the notebooks.
func (s *Source) read() ([]execute.Input, error) {
	if s.input != nil {
		return []execute.Input{*s.input}, nil
	}
	var inputs []execute.Input
	seen := make(map[string]string)
	for _, file := range s.notebooks {
		name := filepath.Base(file)
		if other, dup := seen[name]; dup {
			return nil, fmt.Errorf("%s and %s have the same name, but executed notebooks share a folder: rename one", other, file)
		}
		seen[name] = file
		nb, err := nbformat.ReadFile(file)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, execute.Input{Name: name, Dir: filepath.Dir(file), Notebook: nb})
	}
	return inputs, nil
}

// Parameters returns the parameters that a run of the source with these options has.
func (s *Source) Parameters(o Options) ([]execute.Parameter, error) { return s.parameters(o) }

// FromNotebook returns a source of one notebook that need not be a file. Its report
// has that title. The defaults of parameters replace those of the notebook, and are
// replaced by the inputs and parameters of the report.yaml that a run without arguments
// would use. The catalogs, by language, translate the notebook.
func FromNotebook(title string, input execute.Input, defaults map[string]string, catalogs map[string][]byte) (*Source, error) {
	s := &Source{dir: ".", chosen: true, input: &input, catalogs: catalogs}
	for _, dir := range []string{".", "notebooks"} {
		c, found, err := readConfig(dir)
		if err != nil {
			return nil, err
		}
		if found {
			s.dir, s.config.Inputs, s.config.Parameters = dir, c.Inputs, c.Parameters
			s.config.Lang, s.config.Date, s.config.Logo = c.Lang, c.Date, c.Logo
			s.config.Author, s.config.Authors, s.config.Affiliations = c.Author, c.Authors, c.Affiliations
			break
		}
	}
	s.config.Title, s.config.Code = title, "fold"
	s.config.Inputs = slices.DeleteFunc(s.config.Inputs, func(p parameter.Pair) bool {
		text, err := inputText(p.Value)
		return err == nil && text == ""
	})
	var values parameter.Values
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		if !slices.ContainsFunc(s.config.Inputs, func(p parameter.Pair) bool { return p.Key == name }) {
			values = append(values, parameter.Pair{Key: name, Value: defaults[name]})
		}
	}
	s.config.Parameters = append(values, s.config.Parameters...)
	return s, nil
}
