package main

import (
	"maps"
	"slices"
	"strings"
)

// aloneImport reports whether a package of the standard library lets a program inspect
// itself, or changes it as a whole. A cell that imports one, or that follows a
// declaration which does, has a program of its own.
func aloneImport(path string) bool {
	return path == "C" || path == "plugin" || path == "runtime" || strings.HasPrefix(path, "runtime/")
}

// printsLines are packages with which a cell can print a line number of main.go
// without the file's path.
var printsLines = []string{"log", "log/slog", "testing"}

// registering are the packages of the standard library whose import alone changes what
// another package does: they register a hash, an image format, a page of the default
// server, or time zones. Others only compute values of their own when initialised.
var registering = []string{
	"crypto/md5", "crypto/sha1", "crypto/sha256", "crypto/sha3", "crypto/sha512",
	"expvar", "image/gif", "image/jpeg", "image/png", "net/http/pprof", "plugin",
	"runtime/cgo", "runtime/coverage", "runtime/race", "time/tzdata",
}

// goPackage is a package as go list describes it.
type goPackage struct {
	name    string
	quiet   bool // its import changes nothing else
	imports []string
}

// packages lists the packages at the paths and all that they import, transitively.
func (b *builder) packages(paths []string) (map[string]goPackage, error) {
	const format = `{{.ImportPath}}|{{.Name}}|{{.Standard}}|{{join .Imports " "}}`
	out, err := b.command(true, append([]string{"list", "-deps", "-f", format, "--"}, paths...)...).Output()
	if err != nil {
		return nil, err
	}
	all := make(map[string]goPackage)
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(f) == 4 {
			all[f[0]] = goPackage{name: f[1], quiet: f[2] == "true" && !slices.Contains(registering, f[0]), imports: strings.Fields(f[3])}
		}
	}
	return all, nil
}

// needs are the packages that are not quiet among the given ones and their transitive
// imports. Cells may share a program only if they need the same of them, since it is
// not known what their initialisation does.
func needs(all map[string]goPackage, paths []string) []string {
	seen := make(map[string]bool)
	var visit func(path string)
	visit = func(path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		for _, p := range all[path].imports {
			visit(p)
		}
	}
	for _, p := range paths {
		visit(p)
	}
	maps.DeleteFunc(seen, func(path string, _ bool) bool { return all[path].quiet })
	return slices.Sorted(maps.Keys(seen))
}
