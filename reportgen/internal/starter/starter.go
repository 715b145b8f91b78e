// Package starter writes new projects: a Go module with notebooks about the user's own
// days, a report.yaml that declares the inputs, and a workflow that keeps the report up to
// date.
//
// A project holds a copy of the packages that its cells import, those of the reportgen that
// made it, in the folder flowbook. So it needs neither a clone of Flowbook nor a published
// version of its module, and its cells and its reportgen always fit together. Its go.mod
// names the module as usual, and replaces it by the folder; without that line, the module
// comes from the registry.
package starter

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/flowbook/flowbook/pkg"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// template holds the files of a project. Those with the suffix .txt are written without it.
//
//go:embed all:template
var template embed.FS

// requirements of the copied packages, the kernel and its tools, as this module pins them.
var (
	//go:embed requirements.mod
	requirements []byte
	//go:embed requirements.sum
	sums []byte
)

// modulePath is the module of the copied packages, and copyFolder the folder of the copy.
const (
	modulePath = "github.com/flowbook/flowbook"
	copyFolder = "flowbook"
)

// Write writes a project to dir, which may exist if it has none of the project's files, and
// returns their names in order, with slashes. An error leaves dir as it was. The project's
// module gets the name of dir.
func Write(dir string) (names []string, err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	files, err := project(filepath.Base(abs))
	if err != nil {
		return nil, err
	}
	work, err := workBeside(abs)
	if err != nil {
		return nil, fmt.Errorf("%s: the folder cannot be created: %w", dir, err)
	}
	defer func() { err = errors.Join(err, work.Remove()) }()
	if err := free(dir, files); err != nil {
		return nil, err
	}
	fresh := filepath.Join(work.Path, "new")
	for name, content := range files {
		file := filepath.Join(fresh, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, move(fresh, abs, files)
}

// workBeside makes a working folder beside a path. Its errors do not name the folder,
// which the user did not choose.
func workBeside(path string) (work *workdir.Dir, err error) {
	if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
		work, err = workdir.Make(filepath.Dir(path), "."+filepath.Base(path)+"-")
	}
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return work, err
}

// move puts a project, or nothing, in its place: in one step, unless the folder exists.
func move(from, to string, files map[string][]byte) (err error) {
	if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(from, to)
	}
	var moved []string
	defer func() {
		if err == nil {
			return
		}
		for _, name := range moved {
			err = errors.Join(err, os.RemoveAll(filepath.Join(to, name)))
		}
	}()
	for _, name := range top(files) {
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
		moved = append(moved, name)
	}
	return nil
}

// top lists the files and folders at the top of a project; sorted.
func top(files map[string][]byte) []string {
	var names []string
	for name := range files {
		first, _, _ := strings.Cut(name, "/")
		names = append(names, first)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// free reports an error if dir is not a folder, or has files of a project.
func free(dir string, files map[string][]byte) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s: is a file; name a new folder", dir)
	}
	var there []string
	for _, name := range top(files) {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			there = append(there, name)
		}
	}
	if len(there) > 0 {
		return fmt.Errorf("%s: already has %s; name a new folder", dir, strings.Join(there, ", "))
	}
	return nil
}

// project returns the files of a project by name, with slashes.
func project(name string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := fs.WalkDir(template, "template", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := template.ReadFile(file)
		files[strings.TrimSuffix(strings.TrimPrefix(file, "template/"), ".txt")] = content
		return err
	})
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(pkg.Source, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "testenv/") {
			return err
		}
		content, err := pkg.Source.ReadFile(file)
		files[path.Join(copyFolder, "pkg", file)] = content
		return err
	})
	if err != nil {
		return nil, err
	}
	requires := bytes.Replace(requirements, []byte("module "+modulePath+"\n"), nil, 1)
	files[path.Join(copyFolder, "go.mod")] = requirements
	files["go.mod"] = fmt.Appendf(nil, `module %s
%s
require %s v0.0.0

// The packages that cells import are copied from the reportgen that made this project.
replace %s => ./%s

tool (
	github.com/janpfeifer/gonb
	golang.org/x/tools/cmd/goimports
)
`, moduleName(name), requires, modulePath, modulePath, copyFolder)
	files["go.sum"] = sums
	return files, nil
}

// moduleName makes the name of a folder the path of a module.
func moduleName(folder string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, folder), ".-")
	if name == copyFolder || module.CheckImportPath("example.com/"+name) != nil {
		name = "report"
	}
	return "example.com/" + name
}
