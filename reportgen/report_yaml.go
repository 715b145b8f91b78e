package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// configName is the file beside notebooks that says what report they make.
const configName = "report.yaml"

// config is report.yaml.
type config struct {
	Title        string         `yaml:"title"`
	Subtitle     string         `yaml:"subtitle"`
	Authors      []string       `yaml:"authors"`
	Date         string         `yaml:"date"`
	Abstract     string         `yaml:"abstract"`     // Markdown
	Lang         string         `yaml:"lang"`         // BCP 47
	Bibliography texts          `yaml:"bibliography"` // files of BibTeX or CSL-JSON
	Code         string         `yaml:"code"`         // show, fold or hide
	Notebooks    []string       `yaml:"notebooks"`
	Parameters   map[string]any `yaml:"parameters"`
}

// readConfig reads report.yaml in dir. A folder without one has an empty one.
func readConfig(dir string) (config, bool, error) {
	var c config
	file := filepath.Join(dir, configName)
	src, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	if err := yaml.UnmarshalWithOptions(src, &c, yaml.Strict()); err != nil {
		return c, false, fmt.Errorf("%s: %w", file, err)
	}
	if _, err := render.ParseCodeMode(c.Code); err != nil {
		return c, false, fmt.Errorf("%s: %w", file, err)
	}
	return c, true, nil
}

func (c config) render() (render.Options, error) {
	code, err := render.ParseCodeMode(c.Code)
	return render.Options{
		Lang: c.Lang, Title: c.Title, Subtitle: c.Subtitle, Authors: c.Authors, Date: c.Date, Abstract: c.Abstract, Code: code,
	}, err
}

// source is where a report comes from.
type source struct {
	dir       string // of report.yaml and of relative paths in it
	config    config
	notebooks []string // paths, in order
	chosen    bool     // the notebooks were named one by one, not by report.yaml
}

// findSource finds the notebooks that the arguments name.
func findSource(args []string) (*source, error) {
	if len(args) == 0 {
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
			return nil, fmt.Errorf("nothing to run: there is no %s here and no folder notebooks: name notebooks or a folder of them", configName)
		}
		return folderSource("notebooks")
	}
	info, err := os.Stat(args[0])
	if err != nil {
		return nil, err
	}
	if info.IsDir() && len(args) == 1 {
		return folderSource(args[0])
	}
	s := &source{dir: args[0], chosen: true}
	if !info.IsDir() {
		s.dir = filepath.Dir(args[0])
	}
	if s.config, _, err = readConfig(s.dir); err != nil {
		return nil, err
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
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

// folderSource is what report.yaml in dir lists, or every notebook in dir.
func folderSource(dir string) (*source, error) {
	c, _, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	s := &source{dir: dir, config: c}
	for _, name := range c.Notebooks {
		if !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: notebook %q is not in its folder", filepath.Join(dir, configName), name)
		}
		s.notebooks = append(s.notebooks, filepath.Join(dir, name))
	}
	if len(s.notebooks) == 0 {
		if s.notebooks, err = filepath.Glob(filepath.Join(dir, "*.ipynb")); err != nil {
			return nil, err
		}
		slices.Sort(s.notebooks)
	}
	if len(s.notebooks) == 0 {
		return nil, fmt.Errorf("%s holds no notebook (*.ipynb) and no %s that lists any", dir, configName)
	}
	return s, nil
}

func (s *source) read() ([]execute.Input, error) {
	var inputs []execute.Input
	seen := make(map[string]string)
	for _, file := range s.notebooks {
		name := filepath.Base(file)
		if other, dup := seen[name]; dup {
			return nil, fmt.Errorf("%s and %s have the same name: executed notebooks lie in one folder, so rename one", other, file)
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

// parameters are those of report.yaml and of the command line, which win.
func (s *source) parameters(flags []string) ([]execute.Parameter, error) {
	set := make(map[string]execute.Parameter)
	for name, value := range s.config.Parameters {
		p := pathParameter(execute.Parameter{Name: name, Value: value}, s.dir)
		p.Optional = s.chosen // another notebook of the folder may declare it
		set[name] = p
	}
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for _, flag := range flags {
		p, err := parseParameter(flag)
		if err != nil {
			return nil, err
		}
		set[p.Name] = pathParameter(p, cwd)
	}
	params := slices.SortedFunc(maps.Values(set), byName)
	distinguish(params)
	return params, nil
}
