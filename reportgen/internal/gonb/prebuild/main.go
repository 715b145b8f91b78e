// Prebuild is the go command of the GoNB kernel: it is before the real go
// command in the kernel's PATH, and changes some of its commands.
//
//   - "go get", which GoNB runs before each cell, does nothing. It would look for the
//     newest version of what the cell imports, over the network; in the kernel's
//     workspace the module pins every version.
//   - "go build" of a cell is lean, see [builder.lean]: linking is most of the time
//     that a cell takes.
//   - "go build" of a cell builds the cells that follow with it, if they are known,
//     see [group].
//   - "go env" and "go list", which goimports runs for each cell, are answered once,
//     see [builder.answer].
//   - "go list" and "go mod tidy" of gopls load what a cell imports, and nothing over the
//     network, see [forGopls].
//
// Package gonb documents how building a notebook at once works. This program uses
// the standard library and package magic only, because it is compiled wherever a
// kernel is, whatever the module there requires.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// realGo is the path of the real go command. The linker sets it.
var realGo string

func main() {
	args := os.Args[1:]
	if slices.Equal(args, []string{"get"}) || slices.Equal(args, []string{"get", "-t"}) {
		return
	}
	refuseGoplsTidy(args)
	removeImporter(".")
	args = forGopls(args, os.Getenv("GONB_TMP_DIR"))
	dir := os.Getenv(cellsVariable)
	if dir != "" && isQuery(args) {
		b := &builder{realGo: realGo}
		if b.answer(os.Stdout, dir, args) {
			return
		}
	}
	if i := slices.Index(args, "-o") + 1; i > 0 && i < len(args) && inFolder(args[i], os.Getenv("GONB_TMP_DIR")) {
		// It may be a link to the program of several cells, which must not be
		// overwritten. If it cannot be removed, the go command reports it.
		_ = os.Remove(args[i])
	}
	if len(args) > 2 && args[0] == "build" && args[1] == "-o" && inFolder(args[2], os.Getenv("GONB_TMP_DIR")) {
		b := &builder{realGo: realGo, out: args[2], flags: args[3:]}
		if b.build() {
			return
		}
		if len(b.errors) > 0 {
			_, _ = os.Stderr.Write(b.errors)
			os.Exit(1) // as the go command does
		}
		args = slices.Insert(args, 1, b.overlays...)
	}
	if err := syscall.Exec(realGo, append([]string{"go"}, args...), os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, "start the go command:", err)
		os.Exit(1)
	}
}

func inFolder(file, folder string) bool {
	return folder != "" && strings.HasPrefix(file, folder+string(filepath.Separator))
}

// builder builds the program that GoNB wrote into the current folder.
type builder struct {
	realGo string
	out    string   // the path of the program
	flags  []string // of go build, as the user set them
	errors []byte   // of the compiler, if they are those of a plain build, too

	overlays []string // flags of go build with which the real go command is to build the program
}

// build reports whether it built the program. If it did not, the real go command
// builds it and reports the errors of the code.
func (b *builder) build() bool {
	src, err := os.ReadFile("main.go")
	if err != nil {
		return false
	}
	if n := openNotebook(os.Getenv(cellsVariable)); n != nil {
		if b.shared(n, string(src)) {
			return true
		}
	}
	if shown, flags, ok := b.showing(string(src)); ok {
		b.overlays = flags
		done, err := b.lean(shown, b.out, flags...)
		if err == nil || !noValue.MatchString(err.Error()) {
			return done && err == nil
		}
		b.errors = nil
	}
	b.overlays = b.observeFlags()
	done, err := b.lean(string(src), b.out, b.overlays...)
	return done && err == nil
}

// lean builds a program of the given source without parts that take time to link
// and that the program does not use:
//
//   - the C library in net and os/user, which would bring cgo into every program that
//     displays anything,
//   - the file formats of gonum/plot (tag minimal), which are used by name only.
//
// The tools of Go run without garbage collection below a gigabyte; most use a fifth.
//
// The difference shows only in a program that looks up a user or a host, or asks for
// a format by name. The linker drops functions that are not called: if one of those
// is in the program, lean reports false, and the cell must be built as GoNB says.
// The user's flags come first.
func (b *builder) lean(src, out string, flags ...string) (bool, error) {
	if strings.Contains(src, `"os/user"`) {
		return false, nil
	}
	cmd := b.command(true, slices.Concat([]string{"build", "-o", out}, flags, b.flags)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if out == b.out && b.plainFails(stderr.String(), src) {
			b.errors = []byte(b.withHints(stderr.String(), src))
		}
		return false, fmt.Errorf("%w: %s", err, stderr.String())
	}
	program, err := os.ReadFile(out)
	if what := unobserved(program); what != "" {
		if out != b.out {
			return false, errUnobserved
		}
		note(what)
	}
	return !plainOnly(program), err
}

// errUnobserved is the error of a program of several cells that cannot be observed: only the
// cells that do must be reported so, and each is built alone.
var errUnobserved = errors.New("a cell uses the network or C")

// leanTags are the build tags of a lean build.
var leanTags = []string{"netgo", "osusergo", "minimal"}

// compileErrors matches what the go command prints if only main.go does not compile.
var compileErrors = regexp.MustCompile(`^# gonb_\w+\n(?:\./main\.go:\d+:\d+: .*\n|\t.*\n)+$`)

// plainFails reports whether a plain build would fail with the same errors as a lean
// one. Only its packages can make a difference, and their exported names depend on
// the tags in none of the standard library and gonum/plot. A plain build would first
// compile its own variant of the packages, which takes seconds.
//
// The packages of a cell are listed once: the next cells mostly use the same.
func (b *builder) plainFails(output, src string) bool {
	if !compileErrors.MatchString(output) {
		return false
	}
	file, err := parser.ParseFile(token.NewFileSet(), "main.go", src, parser.ImportsOnly)
	if err != nil {
		return false
	}
	known := b.knownFolders()
	for _, s := range importsOf(file) {
		if known[s.Path] == "" && standardFolder(b.realGo, s.Path) == "" {
			return !b.taggedFiles()
		}
	}
	return true
}

// foldersFile is the path of the list of packages without files for a plain build only, and
// their folders, of the builds with the same flags.
func (b *builder) foldersFile() string {
	return filepath.Join(filepath.Dir(b.out), fmt.Sprintf("packages-%x", sha256.Sum256(fmt.Append(nil, b.flags))))
}

// knownFolders returns the folders of the packages that were listed before.
func (b *builder) knownFolders() map[string]string {
	folders := make(map[string]string)
	list, _ := os.ReadFile(b.foldersFile()) // without it, the packages are listed again
	for line := range strings.Lines(string(list)) {
		name, dir, _ := strings.Cut(strings.TrimSpace(line), "|")
		folders[name] = dir
	}
	return folders
}

// standardFolder returns the folder of a package of the standard library of a go command, or "" if the package is not
// one of them.
func standardFolder(goCommand, name string) string {
	goCommand, err := filepath.EvalSymlinks(goCommand)
	if err != nil {
		return ""
	}
	dir := filepath.Join(filepath.Dir(filepath.Dir(goCommand)), "src", filepath.FromSlash(name))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// taggedFiles reports whether a lean build leaves out files of the cell's packages because of
// its tags, or that this is not known.
func (b *builder) taggedFiles() bool {
	const format = `{{if not .Standard}}{{.ImportPath}}|{{.Dir}}|{{join .IgnoredGoFiles "|"}}{{end}}`
	list, err := b.command(true, slices.Concat([]string{"list", "-e", "-deps", "-f", format}, b.flags)...).Output()
	if err != nil {
		return true
	}
	var known strings.Builder
	for line := range strings.Lines(string(list)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) < 3 {
			continue
		}
		fmt.Fprintf(&known, "%s|%s\n", f[0], f[1])
		if f[0] == "gonum.org/v1/plot" {
			continue
		}
		for _, name := range slices.DeleteFunc(f[2:], func(name string) bool { return name == "" }) {
			src, err := os.ReadFile(filepath.Join(f[1], name))
			if err != nil || usesTag(src) {
				return true
			}
		}
	}
	if file, err := os.OpenFile(b.foldersFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		_, _ = file.WriteString(known.String()) // if it fails, the packages are listed again
		_ = file.Close()
	}
	return false
}

// usesTag reports whether the build constraint of a file names a tag of a lean build.
func usesTag(src []byte) bool {
	for line := range bytes.Lines(src) {
		if bytes.HasPrefix(line, []byte("package ")) {
			return false
		}
		if !bytes.HasPrefix(line, []byte("//go:build")) {
			continue
		}
		for _, tag := range leanTags {
			if bytes.Contains(line, []byte(tag)) {
				return true
			}
		}
	}
	return false
}

// plainOnly reports whether a program contains a function that a lean build changes.
func plainOnly(program []byte) bool {
	for _, name := range []string{"net.(*Resolver).", "vg/draw.NewFormattedCanvas", "vg/draw.Formats", "image.Decode"} {
		if bytes.Contains(program, []byte(name)) {
			return true
		}
	}
	return false
}

// command is a call of the real go command.
func (b *builder) command(lean bool, args ...string) *exec.Cmd {
	cmd := exec.Command(b.realGo, args...)
	cmd.Env = os.Environ()
	if lean {
		cmd.Env = append(cmd.Env, "GOGC=off", "GOMEMLIMIT=1GiB",
			"GOFLAGS="+strings.TrimSpace("-tags="+strings.Join(leanTags, ",")+" "+os.Getenv("GOFLAGS")))
	}
	return cmd
}
