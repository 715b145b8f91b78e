package execute

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// literals are the plain string literals of Go, Python and most other languages.
var literals = regexp.MustCompile("\"([^\"\\\\\n]{1,300})\"|'([^'\\\\\n]{1,300})'|`([^`\n]{1,300})`")

var (
	variableName = regexp.MustCompile(`^[A-Z][A-Z0-9_]+$`)
	hasName      = regexp.MustCompile(`\w`)
)

// mentioned are the files, folders, patterns of files and environment variables
// that the string literals of code name: what a cell reads it mostly names, and
// what is taken for read though it is not costs no more than a run.
func mentioned(h *hasher, dir, code string) ([]Source, error) {
	var found []Source
	for _, m := range literals.FindAllStringSubmatch(code, -1) {
		text := m[1] + m[2] + m[3]
		kind, name := mention(dir, text)
		if kind == "" {
			continue
		}
		s, err := h.sum(kind, name)
		if err != nil {
			return nil, err
		}
		found = addSource(found, s)
	}
	return found, nil
}

func mention(dir, text string) (kind, name string) {
	if variableName.MatchString(text) {
		if _, ok := os.LookupEnv(text); ok {
			return KindEnvironment, text
		}
	}
	if !hasName.MatchString(text) { // "/" and ".." are separators more often than places
		return "", ""
	}
	return place(dir, text)
}

// place is the source that a path or pattern relative to dir names, of no kind
// where nothing is there.
func place(dir, text string) (kind, name string) {
	path := text
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return KindFolder, path
	case err == nil && info.Mode().IsRegular():
		return KindFile, path
	case strings.ContainsAny(text, "*?["):
		if names, err := filepath.Glob(path); err == nil && len(names) > 0 {
			return KindFiles, path
		}
	}
	return "", ""
}

// declaration is what a notebook's or a cell's metadata says of the cache, in its
// field "reportgen": {"inputs": ["days/*.csv"], "environment": ["REGION"], "cache": false}.
type declaration struct {
	sources []Source
	never   bool // its result is not to be kept
}

func declared(h *hasher, dir string, metadata map[string]any) (declaration, error) {
	var d declaration
	section, _ := metadata["reportgen"].(map[string]any)
	keep, isBool := section["cache"].(bool)
	d.never = isBool && !keep
	inputs, _ := section["inputs"].([]any)
	for _, v := range inputs {
		text, _ := v.(string)
		if text == "" {
			continue
		}
		kind, name := place(dir, text)
		if kind == "" { // it may come to be there
			kind, name = KindFiles, filepath.Join(dir, text)
		}
		s, err := h.sum(kind, name)
		if err != nil {
			return d, err
		}
		d.sources = addSource(d.sources, s)
	}
	variables, _ := section["environment"].([]any)
	for _, v := range variables {
		if name, _ := v.(string); name != "" {
			s, err := h.sum(KindEnvironment, name)
			if err != nil {
				return d, err
			}
			d.sources = addSource(d.sources, s)
		}
	}
	return d, nil
}

// ambient are the variables that change what programs write, whatever they are.
var ambient = []string{
	"LANG", "LC_ALL", "TZ", "SOURCE_DATE_EPOCH",
	"GOFLAGS", "GODEBUG", "GOEXPERIMENT", "GOOS", "GOARCH", "GOWORK", "PYTHONPATH",
}

// pythonModules are the Python files beside a notebook, which its cells may import.
func pythonModules(h *hasher, n *notebook, dir string) ([]Source, error) {
	if _, isPython := languageOf(n.nb).(pythonLanguage); !isPython {
		return nil, nil
	}
	var found []Source
	for _, pattern := range []string{"*.py", "*/*.py", "*/*/*.py"} {
		s, err := h.sum(KindFiles, filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		found = addSource(found, s)
	}
	return found, nil
}

// codeOf is what is run for a cell.
func (n *notebook) codeOf(c *nbformat.Cell) string {
	if code, changed := n.code[c]; changed {
		return code
	}
	return c.Source
}
