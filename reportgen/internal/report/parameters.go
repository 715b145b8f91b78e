package report

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/reportgen/execute"
)

// parameters merges the parameters of report.yaml with those of the command line, which win.
func (s *Source) parameters(flags []string) ([]execute.Parameter, error) {
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
	params := slices.SortedFunc(maps.Values(set), func(a, b execute.Parameter) int { return cmp.Compare(a.Name, b.Name) })
	distinguish(params)
	return params, nil
}

// parseParameter parses -p name=value.
func parseParameter(s string) (execute.Parameter, error) {
	name, value, ok := strings.Cut(s, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return execute.Parameter{}, fmt.Errorf("-p %s: want name=value", s)
	}
	return execute.Parameter{Name: name, Value: execute.Text(value)}, nil
}

// pathParameter makes the path of a file absolute, for a kernel that runs in another folder. The report shows the file's
// name instead of the path, which depends on the machine.
func pathParameter(p execute.Parameter, dir string) execute.Parameter {
	var path string
	switch v := p.Value.(type) {
	case execute.Text:
		path = string(v)
	case string:
		path = v
	}
	if path == "" {
		return p
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return p // not a file
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return p
	}
	p.Value, p.Shown = path, filepath.Base(path)
	return p
}

// distinguish makes the shown names of files with the same name differ.
func distinguish(params []execute.Parameter) {
	var paths []string
	for _, p := range params {
		if p.Shown != nil {
			paths = append(paths, fmt.Sprint(p.Value))
		}
	}
	names := filename.Distinct(paths)
	for i, p := range params {
		if p.Shown != nil {
			params[i].Shown = names[fmt.Sprint(p.Value)]
		}
	}
}

// shown is the value of a parameter as the report shows it.
func shown(p execute.Parameter) string {
	if p.Shown != nil {
		return fmt.Sprint(p.Shown)
	}
	return fmt.Sprint(p.Value)
}

// hiddenPaths are pairs of a path to hide in outputs and the name that replaces it.
func hiddenPaths(params []execute.Parameter) []string {
	var pairs []string
	for _, p := range params {
		if name, ok := p.Shown.(string); ok {
			pairs = append(pairs, fmt.Sprint(p.Value), name)
		}
	}
	return pairs
}
