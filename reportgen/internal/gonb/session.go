package gonb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/flowbook/flowbook/reportgen/internal/gonb/magic"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

// session is one running GoNB.
type session struct {
	kernel.GenericSession
	dir      string // the kernel's private folder
	notebook *notebook
	shifts   map[int]int // see [notebook.shift], by the count of the cell

	code     string          // of the last cell
	observed string          // the file that prebuild describes
	read     int             // the number of bytes of it that were read
	written  map[string]bool // files that cells wrote
	details  bool            // a cell so far asks for times or permissions of files
}

// Open prepares a kernel. If it is built here and its cells are known, the kernel's
// go command builds them at once.
func (Driver) Open(dir string, spec *kernel.Spec, cells []string) (kernel.Session, error) {
	s := &session{dir: dir, shifts: make(map[int]int), observed: filepath.Join(dir, "observed"), written: make(map[string]bool)}
	if spec.Build == "" || len(cells) == 0 {
		return s, nil
	}
	var err error
	if s.notebook, err = newNotebook(filepath.Join(dir, "cells"), cells); err != nil {
		return nil, fmt.Errorf("pass the cells to the kernel: %w", err)
	}
	return s, nil
}

// Env is for the kernel's go command.
func (s *session) Env() []string {
	env := []string{observedVariable + "=" + s.observed}
	if s.notebook != nil {
		env = append(env, cellsVariable+"="+s.notebook.dir)
	}
	return env
}

// Begin writes which cell runs, for the kernel's go command.
func (s *session) Begin(code string) error {
	s.code = code
	if s.notebook == nil {
		return nil
	}
	return s.notebook.begin(code)
}

// shiftOf is the shift of a cell, which is known while no later cell has begun.
func (s *session) shiftOf(cell *kernel.Cell) int {
	if s.notebook == nil {
		return 0
	}
	if cell.Count == nil {
		return s.notebook.shift()
	}
	n, known := s.shifts[*cell.Count]
	if !known {
		n = s.notebook.shift()
		s.shifts[*cell.Count] = n
	}
	return n
}

// Ordered is false: GoNB reads streams and displays from pipes of their own.
func (s *session) Ordered() bool { return false }

// cellsVariable is the environment variable that names the folder of a [notebook] to
// the kernel's go command.
const cellsVariable = "REPORTGEN_CELLS"

// notebook is a folder in which the kernel's go command finds the cells that follow
// the one that runs. Package prebuild describes its files.
type notebook struct {
	dir   string
	cells []string
	next  int // index of the first cell that has not run
}

func newNotebook(dir string, cells []string) (*notebook, error) {
	src, err := json.Marshal(cells)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	return &notebook{dir: dir, cells: cells}, os.WriteFile(filepath.Join(dir, "cells.json"), src, 0o600)
}

// begin writes which cell runs.
func (n *notebook) begin(code string) error {
	old := []string{filepath.Join(n.dir, "cell"), filepath.Join(n.dir, "shift")} // of the cell before
	if magic.Parse(code).Shell() {
		// A command may change the answers of the go command.
		answers, err := filepath.Glob(filepath.Join(n.dir, "answer-*"))
		if err != nil {
			return err
		}
		old = append(old, answers...)
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("pass the cell to the kernel: %w", err)
		}
	}
	running := "none" // it is not in the notebook
	if at := slices.Index(n.cells[n.next:], code); at >= 0 {
		running = strconv.Itoa(n.next + at)
		n.next += at + 1
	}
	if err := os.WriteFile(filepath.Join(n.dir, "running"), []byte(running), 0o600); err != nil {
		return fmt.Errorf("pass the cell to the kernel: %w", err)
	}
	return nil
}

// shift is the number of lines by which main begins later in the main.go of the cell
// than in that of its program, which has the lines of the program's first cell.
func (n *notebook) shift() int {
	src, err := os.ReadFile(filepath.Join(n.dir, "shift"))
	if err != nil {
		return 0 // the program is that of the cell
	}
	lines, err := strconv.Atoi(string(src))
	if err != nil {
		return 0
	}
	return lines
}

var mainPlace = regexp.MustCompile(`(gonb_[0-9a-f]{8}/main\.go:)([0-9]+)`)

// shiftLines adds n to the line numbers of main.go in text.
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
