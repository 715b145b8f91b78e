package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
)

// parameters merges the inputs and parameters of report.yaml, of files and of the command line. Later ones win.
func (s *Source) parameters(o Options) ([]execute.Parameter, error) {
	set := make(map[string]execute.Parameter)
	for _, pair := range s.config.Inputs {
		p := execute.Parameter{Name: fmt.Sprint(pair.Key), Value: pair.Value, Input: true}
		set[p.Name] = pathParameter(p, s.dir)
	}
	for _, pair := range s.config.Parameters {
		p := pathParameter(execute.Parameter{Name: fmt.Sprint(pair.Key), Value: pair.Value}, s.dir)
		p.Optional = s.chosen // another notebook of the folder may declare it
		set[p.Name] = p
	}
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for _, file := range o.ParameterFiles {
		values, err := parameter.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, pair := range values {
			p := execute.Parameter{Name: fmt.Sprint(pair.Key), Value: pair.Value}
			p.Input = set[p.Name].Input
			set[p.Name] = pathParameter(p, filepath.Dir(file))
		}
	}
	for _, flag := range o.Parameters {
		p, err := parseParameter("-p", flag)
		if err != nil {
			return nil, err
		}
		p.Input = set[p.Name].Input
		set[p.Name] = pathParameter(p, cwd)
	}
	for _, flag := range o.RawParameters {
		p, err := parseParameter("-r", flag)
		if err != nil {
			return nil, err
		}
		p.Value = string(p.Value.(execute.Text))
		set[p.Name] = p
	}
	for _, pair := range s.config.Inputs {
		p := set[fmt.Sprint(pair.Key)]
		text, err := inputText(p.Value)
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", p.Name, err)
		}
		p.Value, p.Input, p.Optional = execute.Text(text), true, true
		set[p.Name] = p
	}
	params := slices.SortedFunc(maps.Values(set), func(a, b execute.Parameter) int { return cmp.Compare(a.Name, b.Name) })
	distinguish(params)
	return params, nil
}

// inputsVariable is the variable in which the kernels get the inputs, as a JSON object of texts. Package nb reads it.
const inputsVariable = "FLOWBOOK_INPUTS"

// inputsEnv passes the inputs to the kernels. It is empty if report.yaml has none.
func inputsEnv(params []execute.Parameter) ([]string, error) {
	values := make(map[string]string)
	for _, p := range params {
		if p.Input {
			values[p.Name] = fmt.Sprint(p.Value)
		}
	}
	if len(values) == 0 {
		return nil, nil
	}
	src, err := json.Marshal(values)
	return []string{inputsVariable + "=" + string(src)}, err
}

// inputText is the value of an input as text; that of a list joins its elements with commas.
func inputText(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case parameter.Map:
		return "", errors.New("a mapping is not a value of an input")
	case parameter.Scalar:
		if v.Value == nil {
			return "", nil
		}
		return v.Text, nil
	case []any:
		var texts []string
		for _, e := range v {
			text, err := inputText(e)
			if err != nil {
				return "", err
			}
			texts = append(texts, text)
		}
		return strings.Join(texts, ","), nil
	}
	return fmt.Sprint(value), nil
}

// parseParameter parses name=value.
func parseParameter(flag, s string) (execute.Parameter, error) {
	name, value, ok := strings.Cut(s, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return execute.Parameter{}, fmt.Errorf("%s %s: want name=value", flag, s)
	}
	return execute.Parameter{Name: name, Value: execute.Text(value)}, nil
}

// pathParameter makes the path of a file or folder absolute, for a kernel that runs in another folder. The report shows
// its name instead of the path, which depends on the machine. A single word is not taken for a folder, unless it is an
// input.
func pathParameter(p execute.Parameter, dir string) execute.Parameter {
	var path string
	switch v := p.Value.(type) {
	case execute.Text:
		path = string(v)
	case string:
		path = v
	case parameter.Scalar:
		path = v.Text
	}
	if path == "" {
		return p
	}
	word := !p.Input && !strings.ContainsRune(path, filepath.Separator)
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() && word {
		return p // not a path
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
