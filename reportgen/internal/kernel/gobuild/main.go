package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// realGo is the path of the go command, which the linker sets.
var realGo string

func main() {
	args := os.Args[1:]
	if slices.Equal(args, []string{"get"}) || slices.Equal(args, []string{"get", "-t"}) {
		return
	}
	dir := os.Getenv(cellsVariable)
	if dir != "" && question(args) {
		b := &builder{realGo: realGo}
		if b.answer(os.Stdout, dir, args) {
			return
		}
	}
	if i := slices.Index(args, "-o") + 1; i > 0 && i < len(args) && inFolder(args[i], os.Getenv("GONB_TMP_DIR")) {
		// It may be a link to the program of several cells, which has to stay.
		_ = os.Remove(args[i]) // what cannot be removed, the go command says
	}
	if len(args) > 2 && args[0] == "build" && args[1] == "-o" && inFolder(args[2], os.Getenv("GONB_TMP_DIR")) {
		b := &builder{realGo: realGo, out: args[2], flags: args[3:]}
		if b.build() {
			return
		}
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
}

// build reports whether it built the program. Where it did not, the go command
// does, and says what is wrong with the code in its own words.
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
	done, err := b.lean(string(src), b.out)
	return done && err == nil
}
