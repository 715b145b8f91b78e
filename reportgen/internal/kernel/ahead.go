package kernel

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// goSource is the go command of the GoNB kernel, which builds cells; its package
// documentation says how.
//
//go:embed gobuild/*.go
var goSource embed.FS

// buildGo compiles the kernel's go command to file, and leaves its source beside it.
// realGo is the path of the go command that it stands before.
func buildGo(ctx context.Context, file, realGo string) error {
	parent := filepath.Dir(file)
	if err := os.CopyFS(parent, goSource); err != nil {
		return err
	}
	dir := filepath.Join(parent, "gobuild")
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return err
	}
	for _, name := range tests {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module gobuild\n\ngo 1.24\n"), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, realGo, "build", "-trimpath", "-ldflags=-s -w -X 'main.realGo="+realGo+"'", "-o", file)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the kernel's go command: %w\n%s", err, indent(string(out)))
	}
	return nil
}

// cellsVariable names to the kernel's go command the folder of an [ahead].
const cellsVariable = "REPORTGEN_CELLS"

// ahead tells the kernel's go command which cells follow the one that runs. Its
// methods do nothing on nil.
type ahead struct {
	dir   string
	cells []string
	next  int // index of the first cell that did not run
}

func newAhead(dir string, cells []string) (*ahead, error) {
	src, err := json.Marshal(cells)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	return &ahead{dir: dir, cells: cells}, os.WriteFile(filepath.Join(dir, "cells.json"), src, 0o600)
}

// running says that code is executed.
func (a *ahead) running(code string) error {
	if a == nil {
		return nil
	}
	old := []string{filepath.Join(a.dir, "cell"), filepath.Join(a.dir, "shift")} // of the cell before
	if strings.Contains("\n"+code, "\n!") {
		// A command may change what the go command answers.
		answers, err := filepath.Glob(filepath.Join(a.dir, "answer-*"))
		if err != nil {
			return err
		}
		old = append(old, answers...)
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("tell the kernel its cell: %w", err)
		}
	}
	running := "none" // it is not of the notebook
	if i := slices.Index(a.cells[a.next:], code); i >= 0 {
		running = strconv.Itoa(a.next + i)
		a.next += i + 1
	}
	if err := os.WriteFile(filepath.Join(a.dir, "running"), []byte(running), 0o600); err != nil {
		return fmt.Errorf("tell the kernel its cell: %w", err)
	}
	return nil
}

// shift is by how many lines main lies further down in main.go as GoNB wrote it
// for the cell than in that of the program: one of several cells has the lines of
// the first.
func (a *ahead) shift() int {
	if a == nil {
		return 0
	}
	src, err := os.ReadFile(filepath.Join(a.dir, "shift"))
	if err != nil {
		return 0 // there is none
	}
	n, err := strconv.Atoi(string(src))
	if err != nil {
		return 0
	}
	return n
}

var mainPlace = regexp.MustCompile(`(gonb_[0-9a-f]{8}/main\.go:)([0-9]+)`)

// shiftLines adds n to the lines of main.go that text names by its path.
func shiftLines(text string, n int) string {
	if n == 0 {
		return text
	}
	return mainPlace.ReplaceAllStringFunc(text, func(m string) string {
		part := mainPlace.FindStringSubmatch(m)
		line, err := strconv.Atoi(part[2])
		if err != nil {
			return m
		}
		return part[1] + strconv.Itoa(line+n)
	})
}
