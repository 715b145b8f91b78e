package kernel

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/nbformat"
)

var (
	gonbLine    = regexp.MustCompile(`Cell ?\[([0-9]+)\]:? Line ([0-9]+)`)
	ipythonLine = regexp.MustCompile(`Cell In\[([0-9]+)\], line ([0-9]+)`)
	ansi        = regexp.MustCompile("\x1b\\[[0-9;]*m")

	// GoNB puts the line of the cell before each line of main.go in what a cell
	// writes to stderr, as far as both happen to arrive in one read.
	gonbNote = regexp.MustCompile(" ?\x1b\\[7m\\[\\[ Cell (?:\\[[0-9]+\\] )?Line [0-9]+ \\]\\]\x1b\\[0m ")
	mainLine = regexp.MustCompile(`\bmain\.go:([0-9]+)`)
)

// errorLine finds the line of the cell that a failure speaks of: the first that
// lies in the cell itself, in the traceback or in what the cell wrote to stderr.
func errorLine(f *CellError, r *Result) int {
	texts := append([]string{}, f.Traceback...)
	for _, o := range r.Outputs {
		if o.Type == nbformat.Stream && o.Name == "stderr" {
			texts = append(texts, o.Text)
		}
	}
	all := ansi.ReplaceAllString(strings.Join(texts, "\n"), "")
	for _, re := range []*regexp.Regexp{gonbLine, ipythonLine} {
		for _, m := range re.FindAllStringSubmatch(all, -1) {
			cell, _ := strconv.Atoi(m[1])
			if r.ExecutionCount != nil && cell == *r.ExecutionCount {
				line, _ := strconv.Atoi(m[2])
				return line
			}
		}
	}
	return 0
}

// annotate notes in a stack trace which line of the cell each line of main.go,
// the program that GoNB made of the cell, comes from. GoNB's own notes depend on
// how the trace was cut into reads, so they are taken out.
func annotate(trace, cell, program string, count *int) string {
	trace = gonbNote.ReplaceAllString(trace, "")
	if program == "" || count == nil {
		return trace
	}
	from, to := strings.Split(program, "\n"), strings.Split(cell, "\n")
	return mainLine.ReplaceAllStringFunc(trace, func(m string) string {
		at, err := strconv.Atoi(mainLine.FindStringSubmatch(m)[1])
		if err != nil || at < 1 || at > len(from) {
			return m
		}
		line := sameLine(from, at-1, to)
		if line < 0 {
			return m
		}
		return "[[ Cell [" + strconv.Itoa(*count) + "] Line " + strconv.Itoa(line+1) + " ]] " + m
	})
}

// sameLine is the index in to of the line at index at in from: the one with the
// same text which, of several, has most of the same lines around it; -1 where
// none or more than one has.
func sameLine(from []string, at int, to []string) int {
	line := func(lines []string, i int) string {
		if i < 0 || i >= len(lines) {
			return ""
		}
		return strings.TrimSpace(lines[i])
	}
	best, bestScore, tie := -1, 0, false
	for i := range to {
		if line(to, i) != line(from, at) || line(to, i) == "" {
			continue
		}
		score := 1
		for _, step := range []int{-1, 1} {
			for d := step; score < 1000 && line(to, i+d) != "" && line(to, i+d) == line(from, at+d); d += step {
				score++
			}
		}
		switch {
		case score > bestScore:
			best, bestScore, tie = i, score, false
		case score == bestScore:
			tie = true
		}
	}
	if tie {
		return -1
	}
	return best
}

// program is the source that GoNB made of the last cell, empty where there is none.
func (k *Kernel) program() string {
	files, _ := filepath.Glob(filepath.Join(k.dir, "tmp", "gonb_*", "main.go"))
	slices.Sort(files)
	for _, f := range files {
		if src, err := os.ReadFile(f); err == nil {
			return string(src)
		}
	}
	return ""
}
