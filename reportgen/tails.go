package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// tails are the names by which a report tells files: the last element of each
// path, and as many before it as tell it from the others. The same path has the
// same name, and none is absolute.
func tails(paths []string) map[string]string {
	names := make(map[string]string, len(paths))
	distinct := slices.Compact(slices.Sorted(slices.Values(paths)))
	for _, path := range distinct {
		elements := strings.FieldsFunc(filepath.ToSlash(path), func(r rune) bool { return r == '/' })
		for n := 1; n <= len(elements); n++ {
			tail := strings.Join(elements[len(elements)-n:], "/")
			names[path] = tail
			if !slices.ContainsFunc(distinct, func(other string) bool {
				return other != path && strings.HasSuffix("/"+filepath.ToSlash(other), "/"+tail)
			}) {
				break
			}
		}
	}
	return names
}
