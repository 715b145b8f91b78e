package kernel

import (
	"cmp"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// cleaner takes out of outputs what differs from run to run and from machine to
// machine though the notebook's result is the same.
type cleaner struct {
	hide  map[string]string
	paths *regexp.Regexp // any key of hide, where a path begins
}

// newCleaner makes a cleaner that replaces the pairs in hide, and takes the
// kernel's folder out.
func newCleaner(dir string, hide []string) *cleaner {
	c := &cleaner{hide: map[string]string{filepath.Join(dir, "tmp") + "/": "", dir + "/": ""}}
	for pair := range slices.Chunk(hide, 2) {
		if len(pair) == 2 && len(pair[0]) > 1 {
			c.hide[pair[0]] = pair[1]
		}
	}
	olds := slices.SortedFunc(maps.Keys(c.hide), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b)) // the folder within a folder first
	})
	for i, old := range olds {
		olds[i] = regexp.QuoteMeta(old)
	}
	// A folder like /src must not be found inside /usr/src.
	c.paths = regexp.MustCompile(`(^|[^\w.~/-])(` + strings.Join(olds, "|") + `)`)
	return c
}

var (
	// GoNB compiles in a folder of a random name, which is also the name of the
	// module; IPython names a cell's file by its process and a hash.
	gonbFolder  = regexp.MustCompile(`gonb_[0-9a-f]{8}(/)?`)
	ipythonFile = regexp.MustCompile(`ipykernel_[0-9]+/[0-9]+\.py`)

	// A program of several cells has the main of each under a name of its own.
	cellMain = regexp.MustCompile(`\bmain\.reportgenCell[0-9]+`)

	// The compiler's messages begin with the name of the program that GoNB made of
	// the cell, and a place in it.
	goPackage = regexp.MustCompile(`(?m)^# gonb\n?`)
	goPlace   = regexp.MustCompile(`(?m)^(?:\./)?main\.go:[0-9]+(?::[0-9]+)?: `)

	// The addresses in a Go stack trace depend on where memory happened to be.
	goOffset  = regexp.MustCompile(`(?m)( \+0x[0-9a-f]+)$`)
	goArgs    = regexp.MustCompile(`(?m)^(\S+)\((?:[^()\n]*0x[0-9a-f]+[^()\n]*)\)$`)
	goPC      = regexp.MustCompile(`\bpc=0x[0-9a-f]+`)
	goRoutine = regexp.MustCompile(`\bin goroutine [0-9]+`)
	klogHead  = regexp.MustCompile(`(?m)^([IWEF])[0-9]{4} [0-9:]{8}\.[0-9]+ +[0-9]+ `) // day, time and process
)

// text cleans what a cell printed.
func (c *cleaner) text(s string) string {
	s = c.paths.ReplaceAllStringFunc(s, func(m string) string {
		if short, ok := c.hide[m]; ok {
			return short
		}
		_, n := utf8.DecodeRuneInString(m) // what stands before the path
		return m[:n] + c.hide[m[n:]]
	})
	s = gonbFolder.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasSuffix(m, "/") {
			return ""
		}
		return "gonb"
	})
	s = cellMain.ReplaceAllString(s, "main.main")
	return ipythonFile.ReplaceAllString(s, "cell.py")
}

// trace cleans an error's message or stack trace.
func (c *cleaner) trace(s string) string {
	s = c.text(s)
	s = goOffset.ReplaceAllString(s, "")
	s = goArgs.ReplaceAllString(s, "$1(...)")
	s = goPC.ReplaceAllString(s, "pc")
	s = klogHead.ReplaceAllString(s, "$1 ")
	return goRoutine.ReplaceAllString(s, "in goroutine")
}

// message cleans an error's message, which says in the traceback where it is.
func (c *cleaner) message(s string) string {
	s = goPackage.ReplaceAllString(c.trace(s), "")
	return strings.TrimSpace(goPlace.ReplaceAllString(s, ""))
}

// object cleans the texts in data or metadata. Images are left as they are.
func (c *cleaner) object(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for key, v := range m {
		if s, ok := v.(string); ok && strings.Contains(key, "/") && !isText(key) {
			out[key] = s
			continue
		}
		out[key] = c.value(v)
	}
	return out
}

func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "+xml") || nbformat.IsJSON(mime)
}

func (c *cleaner) value(v any) any {
	switch v := v.(type) {
	case string:
		return c.text(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = c.value(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = c.value(e)
		}
		return out
	}
	return v
}
