package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// observedVariable is the environment variable that names a file. The programs of cells
// append what they read to it, and this program what it finds in them, one line each:
//
//	start           the program is observed
//	open "PATH"     a file or folder was opened, perhaps to be written
//	write "PATH"    a file was opened to be written only
//	stat "PATH"     a file's existence, size or time was read
//	env "NAME"      an environment variable was read
//	run "PATH"      a child process was started
//	network         the program contains code that opens network connections
//	c               the program contains C code, which may read anything
const observedVariable = "REPORTGEN_OBSERVED"

//go:embed observer.go.txt
var observerSource []byte

// importerName is the file of package main that imports the observer, beside main.go.
const importerName = "reportgen_observed.go"

// observe returns files to overlay on a build so that the program in dir is observed:
// a package of the standard library, and a file of package main that imports it. A
// build that measures coverage reads the files of the program without overlays, so
// for it the second file is written beside main.go; [removeImporter] removes it.
// observe returns nil if the variable is not set, or if the user has an overlay.
func (b *builder) observe(dir string) map[string]string {
	file := os.Getenv(observedVariable)
	if file == "" || hasFlag(b.setting(), "-overlay") {
		return nil
	}
	// Both files have the same content for every cell of every kernel, for Go's cache.
	folder := filepath.Join(filepath.Dir(file), "observe")
	goroot := filepath.Dir(filepath.Dir(b.realGo))
	observer, importer := filepath.Join(folder, "observer.go"), filepath.Join(folder, "import.go")
	beside := filepath.Join(dir, importerName)
	replace := map[string]string{filepath.Join(goroot, "src", "aa", "reportgen", "observer.go"): observer}
	if hasFlag(b.setting(), "-cover") {
		importer = beside
	} else {
		replace[beside] = importer
	}
	// If the folder of the kernel is gone, so is the run: nothing would remove another.
	err := os.Mkdir(folder, 0o700)
	if err == nil || errors.Is(err, fs.ErrExist) {
		err = os.WriteFile(observer, observerSource, 0o600)
	}
	if err == nil {
		err = os.WriteFile(importer, []byte("package main\n\nimport _ \"aa/reportgen\"\n"), 0o600)
	}
	if err != nil {
		return nil // the program is not observed
	}
	return replace
}

// removeImporter removes from dir what a build that measures coverage left. Another
// build would not find the package that it imports.
func removeImporter(dir string) { _ = os.Remove(filepath.Join(dir, importerName)) }

// hasFlag reports whether a setting, of flags and variables of the go command, has a
// flag whose name begins with prefix.
func hasFlag(setting []string, prefix string) bool {
	for _, s := range setting {
		if flags, ok := strings.CutPrefix(s, "GOFLAGS="); ok {
			if hasFlag(strings.Fields(flags), prefix) {
				return true
			}
		}
		if strings.HasPrefix(s, prefix) || strings.HasPrefix(s, "-"+prefix) {
			return true
		}
	}
	return false
}

// overlayFlag writes an overlay to a file and returns the flag of go build for it; none
// if there is nothing to overlay.
func overlayFlag(file string, replace map[string]string) ([]string, error) {
	if len(replace) == 0 {
		return nil, nil
	}
	src, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return []string{"-overlay=" + file}, os.WriteFile(file, src, 0o600)
}

// observeFlags are the flags of go build with which the program that GoNB wrote into
// the current folder is observed.
func (b *builder) observeFlags() []string {
	file := os.Getenv(observedVariable)
	flags, err := overlayFlag(filepath.Join(filepath.Dir(file), "observe.json"), b.observe(filepath.Dir(b.out)))
	if err != nil {
		return nil
	}
	return flags
}

// note adds a line to the file of [observedVariable].
func note(line string) {
	file := os.Getenv(observedVariable)
	if file == "" {
		return
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // the cell is taken for one that is not observed
	}
	fmt.Fprintln(f, line)
	_ = f.Close()
}

// unobserved says what of a program cannot be observed, "" for nothing: functions that
// open a connection, or that call C. The linker drops functions that are not called.
func unobserved(program []byte) string {
	for _, f := range [][2]string{
		{"network", "net.(*netFD).connect"},
		{"network", "net.(*netFD).listen"},
		{"network", "syscall.connect"},
		{"network", "unix.connect"},
		{"c", "._Cfunc_"},
	} {
		if bytes.Contains(program, []byte(f[1])) {
			return f[0]
		}
	}
	return ""
}
