package gonb

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
)

var (
	cellLine = regexp.MustCompile(`Cell ?\[([0-9]+)\]:? Line ([0-9]+)`)

	// GoNB puts the line of the cell before each line of main.go in what a cell
	// writes to stderr, as far as both arrive in one read.
	gonbNote = regexp.MustCompile(" ?\x1b\\[7m\\[\\[ Cell (?:\\[[0-9]+\\] )?Line [0-9]+ \\]\\]\x1b\\[0m ")
	mainLine = regexp.MustCompile(`\bmain\.go:([0-9]+)`)

	// GoNB compiles in a folder of a random name, which is also that of the module.
	gonbFolder = regexp.MustCompile(`gonb_[0-9a-f]{8}(/)?`)

	// A program of several cells has a function for the main of each, see package
	// prebuild.
	cellMain = regexp.MustCompile(`\bmain\.reportgenCell[0-9]+`)

	// The compiler's messages begin with the name of the program and a place in it.
	goPackage = regexp.MustCompile(`(?m)^# gonb\n?`)
	goPlace   = regexp.MustCompile(`(?m)^(?:\./)?main\.go:[0-9]+(?::[0-9]+)?: `)

	// The addresses and goroutines in a stack trace differ from run to run, as do the
	// day, time and process in GoNB's log.
	goOffset  = regexp.MustCompile(`(?m)( \+0x[0-9a-f]+)$`)
	goArgs    = regexp.MustCompile(`(?m)^(\S+)\((?:[^()\n]*0x[0-9a-f]+[^()\n]*)\)$`)
	goPC      = regexp.MustCompile(`\bpc=0x[0-9a-f]+`)
	goRoutine = regexp.MustCompile(`\bin goroutine [0-9]+`)
	klogHead  = regexp.MustCompile(`(?m)^([IWEF])[0-9]{4} [0-9:]{8}\.[0-9]+ +[0-9]+ `)
)

// Stream cleans what a cell wrote to a stream. A stack trace on stderr names the
// lines of the cell.
func (s *session) Stream(name, text string, cell *kernel.Cell) string {
	text = s.Text(shiftLines(text, s.shiftOf(cell)))
	if name != "stderr" {
		return text
	}
	program := ""
	if cell.Failed {
		program = s.program()
	}
	return cleanTrace(annotate(text, cell.Code, program, cell.Count))
}

// Text hides how a program was built.
func (s *session) Text(text string) string {
	text = gonbFolder.ReplaceAllStringFunc(text, func(m string) string {
		if strings.HasSuffix(m, "/") {
			return ""
		}
		return "gonb"
	})
	return cellMain.ReplaceAllString(text, "main.main")
}

// Trace cleans a line of a traceback. The compiler's line "# gonb" says nothing.
func (s *session) Trace(line string) string {
	line = cleanTrace(s.Text(line))
	if line == "# gonb" {
		return ""
	}
	return line
}

// Message cleans an error's message, without the places that the traceback has.
func (s *session) Message(text string) string {
	text = goPackage.ReplaceAllString(cleanTrace(s.Text(text)), "")
	return strings.TrimSpace(goPlace.ReplaceAllString(text, ""))
}

func cleanTrace(text string) string {
	text = goOffset.ReplaceAllString(text, "")
	text = goArgs.ReplaceAllString(text, "$1(...)")
	text = goPC.ReplaceAllString(text, "pc")
	text = klogHead.ReplaceAllString(text, "$1 ")
	return goRoutine.ReplaceAllString(text, "in goroutine")
}

// Line finds the first line of the cell in a trace.
func (s *session) Line(trace string, count int) int {
	return kernel.LineOf(cellLine, trace, count)
}

// annotate puts the line of the cell before each line of main.go in a stack trace.
// program is main.go, or empty. GoNB's own notes depend on how the trace was split
// into reads, so they are removed.
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

// sameLine is the index in to of the line at index at in from. Of several lines with
// its text, it is the one with most equal lines around it; -1 if none or several are.
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

// program is the main.go that GoNB wrote for the last cell; empty if there is none.
func (s *session) program() string {
	files, _ := filepath.Glob(filepath.Join(s.dir, "tmp", "gonb_*", "main.go"))
	slices.Sort(files)
	for _, f := range files {
		if src, err := os.ReadFile(f); err == nil {
			return string(src)
		}
	}
	return ""
}
