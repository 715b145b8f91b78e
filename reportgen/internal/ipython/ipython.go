// Package ipython drives IPython's kernel, and other kernels for Python as far as
// they behave like it.
//
// The kernel of a report loads the modules of the folder profile. _reportgen.py keeps the
// output of child processes in order, and _observer.py observes what cells read. It uses
// Python's audit events (files, folders, child processes, the network), wrappers of
// functions that raise none (os.stat, os.environ, time.time), sys.modules, and the syntax
// of cells and of modules outside of the library folders. Compiled packages may open
// files without Python, as polars and h5py do: cells that import one are not cached,
// unless it is known to read through Python only.
package ipython

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
	"github.com/flowbook/flowbook/reportgen/internal/sources"
)

// outputVersion is the version of what this package makes of IPython's outputs.
// Increase it with every change that gives a cell other outputs.
const outputVersion = 1

// profile is the profile of a report's kernels: its configuration, and the module
// that it loads.
//
//go:embed profile/*.py
var profile embed.FS

// Driver is the driver of IPython's kernel.
type Driver struct{ kernel.Generic }

// Names are those of ipykernel's spec and of Jupyter's alias for it.
func (Driver) Names() []string { return []string{"python3", "python"} }

// Languages are those of Python's notebooks.
func (Driver) Languages() []string { return []string{"python", "ipython"} }

// Drives reports whether spec is for Python. A spec that names no language is
// recognized by its name.
func (Driver) Drives(spec *kernel.Spec) bool {
	if spec.Language == "" {
		return strings.HasPrefix(strings.ToLower(spec.Name), "python")
	}
	return strings.EqualFold(spec.Language, "python")
}

// Missing says how to get the kernel.
func (Driver) Missing() string {
	return "install it (pip install ipykernel) in a virtual environment .venv beside the notebooks, or name another kernel with --kernel"
}

// Identity writes the interpreter, and the names and versions of the packages
// installed beside it.
func (d Driver) Identity(w io.Writer, spec *kernel.Spec) error {
	fmt.Fprintln(w, "ipython", outputVersion)
	if err := d.Generic.Identity(w, spec); err != nil {
		return err
	}
	// The packages of a virtual environment are beside its link to the interpreter.
	program, err := spec.Program()
	if err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(program)), "lib", "python*", "site-packages", "*-info"))
	if err != nil {
		return err
	}
	slices.Sort(packages)
	for _, p := range packages {
		fmt.Fprintln(w, filepath.Base(p)) // NAME-VERSION.dist-info
	}
	return nil
}

// Environment names the variables that change what every cell imports, or how it runs.
func (Driver) Environment() []string {
	return []string{"PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONINTMAXSTRDIGITS"}
}

// Parameters reads parameters as assignments.
func (Driver) Parameters() parameter.Language { return language{} }

// session is one running kernel.
type session struct {
	kernel.GenericSession
	dir      string
	observed string // the file of [observation]s, one per cell
	read     int    // the number of bytes of it that were read
}

// Open writes the kernel's configuration. Kernels in parallel must not share history
// and caches, nor leave any beside the notebook.
func (Driver) Open(dir string, _ *kernel.Spec, _ []string) (kernel.Session, error) {
	s := &session{dir: filepath.Join(dir, "tmp", "ipython"), observed: filepath.Join(dir, "observed")}
	folder := filepath.Join(s.dir, "profile_default")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("write IPython's configuration: %w", err)
	}
	files, err := fs.Sub(profile, "profile")
	if err == nil {
		err = os.CopyFS(folder, files)
	}
	if err != nil {
		return nil, fmt.Errorf("write IPython's configuration: %w", err)
	}
	return s, nil
}

// Env makes a run reproducible: no random seed orders sets, and nothing is left
// beside the notebook.
func (s *session) Env() []string {
	return []string{"IPYTHONDIR=" + s.dir, "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "REPORTGEN_OBSERVED=" + s.observed}
}

// observation is what the module of the profile writes of a cell.
type observation struct {
	Reads   []sources.Source `json:"reads"`
	Reasons []string         `json:"reasons"`
}

// Observed reads what the profile's module wrote. A kernel for Python that is not
// IPython's writes nothing.
func (s *session) Observed() (kernel.Observation, error) {
	src, err := os.ReadFile(s.observed)
	if errors.Is(err, fs.ErrNotExist) {
		return kernel.Observation{}, nil
	}
	if err != nil {
		return kernel.Observation{}, err
	}
	last := src[min(s.read, len(src)):]
	s.read = len(src)
	o := kernel.Observation{}
	for line := range bytes.Lines(last) {
		var next observation
		if err := json.Unmarshal(line, &next); err != nil {
			return kernel.Observation{}, fmt.Errorf("what the cell read: %w", err)
		}
		o.Complete = true
		o.Reads = append(o.Reads, next.Reads...)
		o.Reasons = append(o.Reasons, next.Reasons...)
	}
	return o, nil
}

var (
	// IPython names the file of a cell by its process and a hash.
	cellFile = regexp.MustCompile(`ipykernel_[0-9]+/[0-9]+\.py`)
	cellLine = regexp.MustCompile(`Cell In\[([0-9]+)\], line ([0-9]+)`)
)

func clean(text string) string { return cellFile.ReplaceAllString(text, "cell.py") }

// Stream, Text, Trace and Message hide the kernel's process.
func (*session) Stream(_, text string, _ *kernel.Cell) string { return clean(text) }
func (*session) Text(text string) string                      { return clean(text) }
func (*session) Trace(line string) string                     { return clean(line) }
func (*session) Message(text string) string                   { return strings.TrimSpace(clean(text)) }

// Line finds the first line of the cell in a traceback.
func (*session) Line(trace string, count int) int {
	return kernel.LineOf(cellLine, trace, count)
}
