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

// hidden replaces paths in outputs that differ between machines and runs.
type hidden struct {
	by    map[string]string
	paths *regexp.Regexp // any key of by at the start of a path
}

// newHidden hides the kernel's folder dir, and replaces the pairs of old and new
// strings.
func newHidden(dir string, pairs []string) *hidden {
	h := &hidden{by: map[string]string{filepath.Join(dir, "tmp") + "/": "", dir + "/": ""}}
	for pair := range slices.Chunk(pairs, 2) {
		if len(pair) == 2 && len(pair[0]) > 1 {
			h.by[pair[0]] = pair[1]
		}
	}
	olds := slices.SortedFunc(maps.Keys(h.by), func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b)) // a folder within a folder first
	})
	for i, old := range olds {
		olds[i] = regexp.QuoteMeta(old)
	}
	// A folder like /src must not be found in /usr/src.
	h.paths = regexp.MustCompile(`(^|[^\w.~/-])(` + strings.Join(olds, "|") + `)`)
	return h
}

func (h *hidden) hide(s string) string {
	return h.paths.ReplaceAllStringFunc(s, func(m string) string {
		if short, ok := h.by[m]; ok {
			return short
		}
		_, n := utf8.DecodeRuneInString(m) // the character before the path
		return m[:n] + h.by[m[n:]]
	})
}

// object cleans the texts in data or metadata. Images are left as they are.
func (k *Kernel) object(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for key, v := range m {
		if s, ok := v.(string); ok && strings.Contains(key, "/") && !isText(key) {
			out[key] = s
			continue
		}
		out[key] = k.value(v)
	}
	return out
}

func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "+xml") || nbformat.IsJSON(mime)
}

func (k *Kernel) value(v any) any {
	return mapTexts(v, func(text string) string { return k.session.Text(k.paths.hide(text)) })
}

// mapTexts returns a JSON value whose texts, but not the keys of its objects, are
// changed by f.
func mapTexts(v any, f func(string) string) any {
	switch v := v.(type) {
	case string:
		return f(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = mapTexts(e, f)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[key] = mapTexts(e, f)
		}
		return out
	}
	return v
}
