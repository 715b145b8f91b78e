package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/reportgen/execute"
)

// parseParameter reads -p name=value.
func parseParameter(s string) (execute.Parameter, error) {
	name, value, ok := strings.Cut(s, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return execute.Parameter{}, fmt.Errorf("-p %s: want name=value", s)
	}
	return execute.Parameter{Name: name, Value: execute.Text(value)}, nil
}

func byName(a, b execute.Parameter) int { return cmp.Compare(a.Name, b.Name) }

// pathParameter makes a value that names a file absolute, for a kernel that runs
// in another folder, and keeps the file's own name as what is shown: where a file
// lies on one machine is no part of a report. See distinguish.
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
		return p // not a file: any other value
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return p
	}
	p.Value, p.Shown = path, filepath.Base(path)
	return p
}

// distinguish makes what is shown of files of one name say which is which.
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

// shown is a parameter's value as reports say it.
func shown(p execute.Parameter) any {
	if p.Shown != nil {
		return p.Shown
	}
	return p.Value
}

// hidden are the pairs that replace the paths of files by their names in outputs.
func hidden(params []execute.Parameter) []string {
	var pairs []string
	for _, p := range params {
		if name, ok := p.Shown.(string); ok {
			pairs = append(pairs, fmt.Sprint(p.Value), name)
		}
	}
	return pairs
}
