package main

import (
	"maps"
	"slices"
	"strings"
)

// aloneImports are packages of the standard library through which a program can
// look at itself, or that change it as a whole. A cell that imports one, and one
// after a declaration that does, has a program of its own.
func aloneImport(path string) bool {
	return path == "C" || path == "plugin" || path == "runtime" || strings.HasPrefix(path, "runtime/")
}

// tellsLines are packages with which a cell prints a line of main.go by its number
// alone.
var tellsLines = []string{"log", "log/slog", "testing"}

// loud are the packages of the standard library whose import alone changes what
// another package does: they register a hash, an image format, a page of the
// default server, or the time zones. The others only compute values of their own
// when they are initialised.
var loud = []string{
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

// packages are what the packages at the paths import, all the way down.
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
			all[f[0]] = goPackage{name: f[1], quiet: f[2] == "true" && !slices.Contains(loud, f[0]), imports: strings.Fields(f[3])}
		}
	}
	return all, nil
}

// needs are the packages that are not quiet among the given ones and all that
// they import. Programs of cells may only be one where all need the same: whose
// initialisation what does, nobody can tell from outside.
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
