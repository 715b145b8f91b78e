// Package filename names files in reports and messages without the folders of one
// machine, and lists the files below a folder.
package filename

import (
	"path/filepath"
	"slices"
	"strings"
)

// Distinct returns a name for each path: its last element, and as many before it as
// distinguish the path from the others. The same path has the same name, and none is
// absolute.
func Distinct(paths []string) map[string]string {
	names := make(map[string]string, len(paths))
	distinct := slices.Compact(slices.Sorted(slices.Values(paths)))
	for _, path := range distinct {
		elements := strings.FieldsFunc(filepath.ToSlash(path), func(r rune) bool { return r == '/' })
		for n := 1; n <= len(elements); n++ {
			name := strings.Join(elements[len(elements)-n:], "/")
			names[path] = name
			if !slices.ContainsFunc(distinct, func(other string) bool {
				return other != path && strings.HasSuffix("/"+filepath.ToSlash(other), "/"+name)
			}) {
				break
			}
		}
	}
	return names
}
