package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
)

// maxMembers is the greatest number of reports of a series.
const maxMembers = 1000

// Member is one report of a series: the source with one value of each parameter in the matrix of report.yaml.
type Member struct {
	Name   string      // of its folder, unique in the series
	Values [][2]string // parameters of the matrix and their values, as the report shows them
	Source *Source
}

// axis is a parameter of the matrix with its values.
type axis struct {
	name   string
	values []any
	shown  []string // the values as the report shows them
	names  []string // the values in names of folders
}

// Series returns the reports that the matrix of report.yaml asks for: one for each combination of the values of its
// parameters, where the last parameter varies first. A parameter that the options set is not varied. Without a matrix, or if
// all of its parameters are set, the series is empty.
//
// The value of a parameter is a list, or a pattern of files such as days/*.parquet, relative to the folder of report.yaml.
func (s *Source) Series(o Options) ([]Member, error) {
	given, err := givenParameters(o)
	if err != nil {
		return nil, err
	}
	var axes []axis
	number := 1
	for _, pair := range s.config.Matrix {
		name := fmt.Sprint(pair.Key)
		if _, set := given[name]; set {
			continue
		}
		a, err := s.axis(name, pair.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: matrix: %s: %w", filepath.Join(s.dir, ConfigName), name, err)
		}
		axes = append(axes, a)
		if number *= len(a.values); number > maxMembers {
			return nil, fmt.Errorf("%s: matrix: more than %d combinations; split the series", filepath.Join(s.dir, ConfigName), maxMembers)
		}
	}
	if len(axes) == 0 {
		return nil, nil
	}
	var members []Member
	names := make(map[string]string)
	for i := range number {
		m := s.member(axes, i)
		values := described(m.Values)
		if other, used := names[m.Name]; used {
			return nil, fmt.Errorf("%s: matrix: two reports would be called %s: %s, and %s; make the values differ in letters or digits", filepath.Join(s.dir, ConfigName), m.Name, other, values)
		}
		names[m.Name] = values
		members = append(members, m)
	}
	return members, nil
}

// axis returns the values of a parameter of the matrix.
func (s *Source) axis(name string, value any) (a axis, err error) {
	a.name = name
	switch v := value.(type) {
	case []any:
		a.values = v
	case parameter.Scalar, string:
		if a.values, err = s.matching(fmt.Sprint(v)); err != nil {
			return a, err
		}
	default:
		return a, fmt.Errorf("want a list, or a pattern of files")
	}
	if len(a.values) == 0 {
		return a, fmt.Errorf("the list is empty")
	}
	var paths []string
	for _, value := range a.values {
		p := pathParameter(execute.Parameter{Name: name, Value: value}, s.dir)
		if p.Shown != nil {
			paths = append(paths, fmt.Sprint(p.Value))
		}
		a.shown = append(a.shown, fmt.Sprint(p.Value))
	}
	short := filename.Distinct(paths)
	for i, text := range a.shown {
		name := text
		if file, isPath := short[text]; isPath {
			file = strings.TrimPrefix(file, "date=") // a day in a folder of days
			a.shown[i], name = file, strings.TrimSuffix(file, filepath.Ext(file))
		}
		a.names = append(a.names, memberName(name))
	}
	return a, nil
}

// matching returns the files that match a pattern, relative to the folder of report.yaml.
func (s *Source) matching(pattern string) ([]any, error) {
	place := pattern
	if !filepath.IsAbs(pattern) {
		place = filepath.Join(s.dir, pattern)
	}
	files, err := filepath.Glob(place)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no file matches %q; want a list, or a pattern of files, relative to the folder of %s", pattern, ConfigName)
	}
	slices.SortFunc(files, compareNatural)
	var names []any
	for _, file := range files {
		if !filepath.IsAbs(pattern) {
			if file, err = filepath.Rel(s.dir, file); err != nil {
				return nil, err
			}
		}
		names = append(names, file)
	}
	return names, nil
}

// member returns the i-th combination.
func (s *Source) member(axes []axis, i int) Member {
	source := *s
	source.config.Parameters = slices.Clone(s.config.Parameters)
	values, parts := make([][2]string, len(axes)), make([]string, len(axes))
	for at, a := range slices.Backward(axes) {
		n := i % len(a.values)
		i /= len(a.values)
		values[at], parts[at] = [2]string{a.name, a.shown[n]}, a.names[n]
		source.config.Parameters = slices.DeleteFunc(source.config.Parameters, func(p parameter.Pair) bool { return fmt.Sprint(p.Key) == a.name })
		source.config.Parameters = append(source.config.Parameters, parameter.Pair{Key: a.name, Value: a.values[n]})
	}
	if source.config.Subtitle == "" {
		source.config.Subtitle = described(values)
	}
	return Member{Name: strings.Join(parts, "-"), Values: values, Source: &source}
}

// described returns parameters and their values in words, such as "day 2024-03-20, site Lisbon".
func described(values [][2]string) string {
	var words []string
	for _, v := range values {
		words = append(words, v[0]+" "+v[1])
	}
	return strings.Join(words, ", ")
}

// memberName returns a value as a name that is safe in paths and addresses.
func memberName(value string) string {
	name := document.Slug(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\.=,:`, r) {
			return '-'
		}
		return r
	}, value))
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' }), "-")
	if name == "" {
		return "value"
	}
	return name
}

// givenParameters returns the parameters that the options set, by name, without the files' folders resolved.
func givenParameters(o Options) (map[string]bool, error) {
	given := make(map[string]bool)
	for _, file := range o.ParameterFiles {
		values, err := parameter.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, pair := range values {
			given[fmt.Sprint(pair.Key)] = true
		}
	}
	for flag, pairs := range map[string][]string{"-p": o.Parameters, "-r": o.RawParameters} {
		for _, pair := range pairs {
			p, err := parseParameter(flag, pair)
			if err != nil {
				return nil, err
			}
			given[p.Name] = true
		}
	}
	return given, nil
}
