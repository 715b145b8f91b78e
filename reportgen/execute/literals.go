package execute

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/sources"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// literals matches the plain string literals of most languages.
var literals = regexp.MustCompile("\"([^\"\\\\\n]{1,300})\"|'([^'\\\\\n]{1,300})'|`([^`\n]{1,300})`")

var (
	variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
	hasName      = regexp.MustCompile(`\w`)
)

// literalSources are the files, folders, patterns of files and environment variables
// that the string literals of code name. Most cells name what they read so. A name of
// something that is not read costs a run at most.
func literalSources(h *sources.Hasher, dir, code string) ([]sources.Source, error) {
	var found []sources.Source
	for _, m := range literals.FindAllStringSubmatch(code, -1) {
		text := m[1] + m[2] + m[3]
		kind, name := literalSource(dir, text)
		if kind == "" {
			continue
		}
		s, err := h.Sum(kind, name)
		if err != nil {
			return nil, err
		}
		found = sources.Add(found, s)
	}
	return found, nil
}

func literalSource(dir, text string) (kind, name string) {
	if variableName.MatchString(text) {
		if _, ok := os.LookupEnv(text); ok {
			return sources.Environment, text
		}
	}
	if !hasName.MatchString(text) { // "/" and ".." are separators more often than paths
		return "", ""
	}
	return pathSource(dir, text)
}

// pathSource is the source that a path or pattern relative to dir names. The kind is
// empty if nothing exists there.
func pathSource(dir, text string) (kind, name string) {
	path := text
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return sources.Folder, path
	case err == nil && info.Mode().IsRegular():
		return sources.File, path
	case strings.ContainsAny(text, "*?["):
		if names, err := filepath.Glob(path); err == nil && len(names) > 0 {
			return sources.Files, path
		}
	}
	return "", ""
}

// declaration is what the metadata of a notebook or a cell declares for the cache, in
// its field "reportgen": {"inputs": ["days/*.csv"], "environment": ["REGION"], "cache": false}.
type declaration struct {
	sources []sources.Source
	inputs  bool // it declares its inputs, perhaps none
	never   bool // its outputs are not cached
	always  bool // they are cached whatever else they depend on
}

func declared(h *sources.Hasher, dir string, metadata map[string]any) (declaration, error) {
	var d declaration
	section, _ := metadata["reportgen"].(map[string]any)
	keep, isBool := section["cache"].(bool)
	d.never, d.always = isBool && !keep, isBool && keep
	inputs, isList := section["inputs"].([]any)
	d.inputs = isList
	for _, v := range inputs {
		text, _ := v.(string)
		if text == "" {
			continue
		}
		kind, name := pathSource(dir, text)
		if kind == "" { // it may exist later
			kind, name = sources.Files, filepath.Join(dir, text)
		}
		s, err := h.Sum(kind, name)
		if err != nil {
			return d, err
		}
		d.sources = sources.Add(d.sources, s)
	}
	variables, _ := section["environment"].([]any)
	for _, v := range variables {
		if name, _ := v.(string); name != "" {
			s, err := h.Sum(sources.Environment, name)
			if err != nil {
				return d, err
			}
			d.sources = sources.Add(d.sources, s)
		}
	}
	return d, nil
}

// ambient are the variables that change the outputs of any program.
var ambient = []string{
	"LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME", "TZ", "SOURCE_DATE_EPOCH",
}

// codeOf is what is run for a cell.
func (n *notebook) codeOf(c *nbformat.Cell) string {
	if code, changed := n.code[c]; changed {
		return code
	}
	return c.Source
}
