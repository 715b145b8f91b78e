package kernel

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/parameter"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

// Driver adapts one kernel beyond the Jupyter protocol. [Generic] implements it for
// unknown kernels; drivers embed it.
type Driver interface {
	// Names are the names under which notebooks ask for the kernel, the usual one
	// first.
	Names() []string
	// Languages are the names of its language in notebooks.
	Languages() []string
	// Drives reports whether the driver is that of the kernel that spec starts.
	Drives(spec *Spec) bool
	// Find returns the kernel that belongs to the notebooks in dir, which it builds
	// first if necessary and reports to progress. It returns nil if the kernel is to
	// be looked for where Jupyter keeps kernel specs.
	Find(ctx context.Context, dir string, progress io.Writer) (*Spec, error)
	// Missing says how to get the kernel, for an error message.
	Missing() string
	// Identity writes what distinguishes one installation of the kernel from another.
	Identity(w io.Writer, spec *Spec) error
	// Open prepares the start of a kernel in the private folder dir. cells are the
	// sources that it will execute, if they are known.
	Open(dir string, spec *Spec, cells []string) (Session, error)
	// Environment names the variables that may change the outputs of every cell.
	Environment() []string
	// Dependencies looks up what the sources of cells in the project depend on.
	Dependencies(ctx context.Context, project string, codes []string, sums *sources.Hasher) (Dependencies, error)
	// Parameters reads and writes parameters, nil if they cannot be set.
	Parameters() parameter.Language
}

// Dependencies are what cells depend on that their code names.
type Dependencies interface {
	// Of lists the dependencies of a cell of a notebook in dir.
	Of(dir, code string) ([]sources.Source, error)
	// Unseen lists what a cell depends on through its imports and cannot be compared, such
	// as the clock.
	Unseen(code string) []string
	// ChangedSince reports whether a file that was looked up has changed.
	ChangedSince(start time.Time) bool
}

// Resumer is a driver of a kernel whose state is what its cells declare and nothing
// that they computed. Cells of such a kernel need not run again before later ones.
type Resumer interface {
	// Resume returns cells that bring a fresh kernel to the state that it has after
	// the given ones. It fails if that is not possible.
	Resume(codes []string) ([]string, error)
	// ShowsStart reports whether a text that a cell printed may depend on how the
	// kernel came to its state.
	ShowsStart(text string) bool
}

// Session is a driver's part of one running kernel. [GenericSession] implements it
// for unknown kernels.
type Session interface {
	// Env is added to the environment of the kernel's process.
	Env() []string
	// Begin is called before a cell is executed.
	Begin(code string) error
	// Observed returns what the last cell read.
	Observed() (Observation, error)
	// Ordered reports whether streams and displays arrive in the order in which the
	// cell made them.
	Ordered() bool
	// Stream, Text, Trace and Message remove from an output what differs from run to
	// run: from what a cell wrote to a stream, from a text that it displayed, from a
	// line of a traceback, and from an error message. A traceback's line that is
	// empty then is dropped.
	Stream(name, text string, cell *Cell) string
	Text(s string) string
	Trace(s string) string
	Message(s string) string
	// Line finds the line of the cell with the given count that a traceback points
	// to, from 1; 0 if there is none.
	Line(trace string, count int) int
}

// Observation is what a cell read while it ran.
type Observation struct {
	Complete bool             // all of it was observed
	Reads    []sources.Source // without hashes; an unreadable file is read, too
	Reasons  []string         // why the outputs depend on more: "the clock", "a child process"
}

// Cell is the cell that a session cleans the outputs of.
type Cell struct {
	Code   string
	Count  *int // nil until the kernel replied
	Failed bool
}

// Generic is the driver of unknown kernels.
type Generic struct{}

// Names is empty.
func (Generic) Names() []string { return nil }

// Languages is empty.
func (Generic) Languages() []string { return nil }

// Drives is true for every spec.
func (Generic) Drives(*Spec) bool { return true }

// Find leaves the search to Jupyter's kernel specs.
func (Generic) Find(context.Context, string, io.Writer) (*Spec, error) { return nil, nil } //nolint:nilnil // see Driver

// Missing suggests another kernel.
func (Generic) Missing() string { return "install it, or name another with --kernel" }

// Open returns a [GenericSession].
func (Generic) Open(string, *Spec, []string) (Session, error) { return GenericSession{}, nil }

// Environment is empty.
func (Generic) Environment() []string { return nil }

// Parameters is nil.
func (Generic) Parameters() parameter.Language { return nil }

// Dependencies finds none.
func (Generic) Dependencies(context.Context, string, []string, *sources.Hasher) (Dependencies, error) {
	return noDependencies{}, nil
}

// Identity writes the program that the spec starts.
func (Generic) Identity(w io.Writer, spec *Spec) error {
	program, err := spec.Program()
	if err != nil {
		return err
	}
	// A small program may load its interpreter from beside the one it links to.
	target, err := filepath.EvalSymlinks(program)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, target)
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("read %s: %w", program, err)
	}
	return nil
}

type noDependencies struct{}

func (noDependencies) Of(string, string) ([]sources.Source, error) { return nil, nil }
func (noDependencies) Unseen(string) []string                      { return nil }
func (noDependencies) ChangedSince(time.Time) bool                 { return false }

// GenericSession is the session of an unknown kernel.
type GenericSession struct{}

// Env is empty.
func (GenericSession) Env() []string { return nil }

// Begin does nothing.
func (GenericSession) Begin(string) error { return nil }

// Observed observes nothing.
func (GenericSession) Observed() (Observation, error) { return Observation{}, nil }

// Ordered is true.
func (GenericSession) Ordered() bool { return true }

// Stream returns the text.
func (GenericSession) Stream(_, text string, _ *Cell) string { return text }

// Text returns the text.
func (GenericSession) Text(s string) string { return s }

// Trace returns the line.
func (GenericSession) Trace(s string) string { return s }

// Message returns the message.
func (GenericSession) Message(s string) string { return s }

// Line finds none.
func (GenericSession) Line(string, int) int { return 0 }

// Drivers are the drivers that are known. The first is that of notebooks that name
// neither a kernel nor a language.
type Drivers []Driver

// ofName returns the driver of the kernel that notebooks ask for by the name.
func (d Drivers) ofName(name string) Driver {
	return d.first(func(d Driver) bool {
		return slices.ContainsFunc(d.Names(), func(n string) bool { return strings.EqualFold(n, name) })
	})
}

// OfLanguage returns the driver of a notebook's language; of the kernel's name if
// the notebook does not name a language.
func (d Drivers) OfLanguage(language, name string) Driver {
	if language == "" {
		return d.ofSpec(&Spec{Name: name})
	}
	return d.first(func(d Driver) bool { return slices.Contains(d.Languages(), language) })
}

// UsualName is the name of the kernel of a notebook that names only its language;
// empty if it is not known.
func (d Drivers) UsualName(language string) string {
	driver := d.OfLanguage(language, "")
	if language == "" && len(d) > 0 {
		driver = d[0]
	}
	if names := driver.Names(); len(names) > 0 {
		return names[0]
	}
	return ""
}

func (d Drivers) ofSpec(spec *Spec) Driver {
	return d.first(func(d Driver) bool { return d.Drives(spec) })
}

func (d Drivers) first(is func(Driver) bool) Driver {
	if i := slices.IndexFunc(d, is); i >= 0 {
		return d[i]
	}
	return Generic{}
}

// LineOf finds the first line of the cell with an execution count in a trace, or 0. The groups
// of place are the count and the line.
func LineOf(place *regexp.Regexp, trace string, count int) int {
	for _, m := range place.FindAllStringSubmatch(trace, -1) {
		if cell, err := strconv.Atoi(m[1]); err != nil || cell != count {
			continue
		}
		if line, err := strconv.Atoi(m[2]); err == nil {
			return line
		}
	}
	return 0
}
