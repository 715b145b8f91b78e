package kernel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Spec is a kernel spec: how to start a kernel. Its JSON is that of a kernel.json.
type Spec struct {
	Name          string            `json:"-"` // the name of its folder
	Dir           string            `json:"-"` // its folder; empty if it is in none
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode,omitempty"` // "message" or "signal"; empty: "signal"
	Env           map[string]string `json:"env,omitempty"`            // values may name variables as ${NAME}
	Metadata      map[string]any    `json:"metadata,omitempty"`
	Hide          []string          `json:"-"` // for [Options].Hide
	Build         string            `json:"-"` // the versions that a kernel was built from by its driver; else empty
	Project       string            `json:"-"` // the folder of the project whose packages cells import; else empty
	Driver        Driver            `json:"-"` // nil: [Generic]
}

// driver is the driver of the kernel.
func (s *Spec) driver() Driver {
	if s.Driver == nil {
		return Generic{}
	}
	return s.Driver
}

// Find returns the spec of the named kernel for a notebook in dir: the one that its
// driver finds, else the one that Jupyter would find, see [dataDirs]. A driver may
// have to build the kernel first, which it reports to progress. The error of an
// unknown name is a [*NotFoundError].
func Find(ctx context.Context, drivers Drivers, name, dir string, progress io.Writer) (*Spec, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	driver := drivers.ofName(name)
	spec, err := driver.Find(ctx, dir, progress)
	if err != nil {
		return nil, err
	}
	if spec != nil {
		spec.Driver = driver
		return spec, nil
	}
	spec, err = findSpec(append([]string{name}, driver.Names()...), dataDirs(dir, os.Getenv))
	if err != nil {
		var missing *NotFoundError
		if errors.As(err, &missing) {
			missing.Hint = driver.Missing()
		}
		return nil, err
	}
	spec.Driver = drivers.ofSpec(spec)
	return spec, nil
}

// NotFoundError reports a kernel that is not installed.
type NotFoundError struct {
	Name  string
	Known []string // the names of installed kernels, sorted
	Hint  string   // how to get the kernel
}

func (e *NotFoundError) Error() string {
	installed := "none is installed"
	if len(e.Known) > 0 {
		installed = "installed are " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("Jupyter kernel %q not found (%s): %s", e.Name, installed, e.Hint)
}

// dataDirs are the folders in which Jupyter keeps data, with kernel specs in their
// folder "kernels", in the order of search: those of JUPYTER_PATH; the user's;
// those of virtual environments (VIRTUAL_ENV, CONDA_PREFIX, and a .venv in dir or
// above it); the system's.
func dataDirs(dir string, getenv func(string) string) []string {
	dirs := filepath.SplitList(getenv("JUPYTER_PATH"))
	home := getenv("HOME")
	user := getenv("JUPYTER_DATA_DIR")
	switch {
	case user != "":
	case home == "" && getenv("XDG_DATA_HOME") == "": // a relative path would be found by chance
	case runtime.GOOS == "darwin":
		user = filepath.Join(home, "Library", "Jupyter")
	default:
		user = filepath.Join(cmp.Or(getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")), "jupyter")
	}
	dirs = append(dirs, user)
	for _, prefix := range []string{getenv("VIRTUAL_ENV"), getenv("CONDA_PREFIX"), Upward(dir, ".venv")} {
		if prefix != "" {
			dirs = append(dirs, filepath.Join(prefix, "share", "jupyter"))
		}
	}
	dirs = append(dirs, "/usr/local/share/jupyter", "/usr/share/jupyter")
	seen := make(map[string]bool)
	return slices.DeleteFunc(dirs, func(d string) bool {
		dup := seen[d] || d == ""
		seen[d] = true
		return dup
	})
}

// Upward is the path of name in dir or the nearest folder above that has it; empty
// if none has.
func Upward(dir, name string) string {
	if absolute, err := filepath.Abs(dir); err == nil { // a relative folder has none above "."
		dir = absolute
	}
	for {
		p := filepath.Join(dir, name)
		if _, err := os.Stat(p); err == nil {
			return p
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// findSpec looks for the first of the names in the folder "kernels" of each data
// folder. Names are compared without case, as Jupyter does.
func findSpec(names, dataDirs []string) (*Spec, error) {
	known, err := specFolders(dataDirs)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if folder := known[strings.ToLower(name)]; folder != "" {
			return readSpec(folder)
		}
	}
	return nil, &NotFoundError{Name: names[0], Known: slices.Sorted(maps.Keys(known))}
}

// Names lists the kernels that Jupyter would find for a notebook in dir, sorted. What cannot
// be read is left out.
func Names(dir string) []string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	known, _ := specFolders(dataDirs(dir, os.Getenv))
	return slices.Sorted(maps.Keys(known))
}

// specFolders returns the folders of kernel specs below data folders, by their names in
// lower case; the first of a name counts.
func specFolders(dataDirs []string) (map[string]string, error) {
	known := make(map[string]string)
	for _, dir := range dataDirs {
		entries, err := os.ReadDir(filepath.Join(dir, "kernels"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return known, fmt.Errorf("look for kernels: %w", err)
		}
		for _, e := range entries {
			folder := filepath.Join(dir, "kernels", e.Name())
			if _, err := os.Stat(filepath.Join(folder, "kernel.json")); err != nil {
				continue
			}
			if name := strings.ToLower(e.Name()); known[name] == "" {
				known[name] = folder
			}
		}
	}
	return known, nil
}

func readSpec(dir string) (*Spec, error) {
	file := filepath.Join(dir, "kernel.json")
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &Spec{Name: strings.ToLower(filepath.Base(dir)), Dir: dir}
	if err := json.Unmarshal(src, s); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(s.Argv) == 0 {
		return nil, fmt.Errorf("%s: argv is empty; it must name the program to start", file)
	}
	return s, nil
}

// argv is the command line that starts the kernel.
func (s *Spec) argv(connectionFile string) []string {
	argv := slices.Clone(s.Argv)
	for i, a := range argv {
		a = strings.ReplaceAll(a, "{connection_file}", connectionFile)
		argv[i] = strings.ReplaceAll(a, "{resource_dir}", s.Dir)
	}
	// A spec of a virtual environment, PREFIX/share/jupyter/kernels/NAME, means the
	// program of that environment, not the first in PATH.
	if s.Dir != "" && filepath.Base(argv[0]) == argv[0] {
		program := filepath.Join(s.Dir, "..", "..", "..", "..", "bin", argv[0])
		if _, err := os.Stat(program); err == nil {
			argv[0] = program
		}
	}
	return argv
}

// Program is the path of the program that starts the kernel.
func (s *Spec) Program() (string, error) { return exec.LookPath(s.argv("")[0]) }

// environ is Env with the variables in its values resolved.
func (s *Spec) environ(getenv func(string) string) []string {
	var env []string
	for _, key := range slices.Sorted(maps.Keys(s.Env)) {
		env = append(env, key+"="+os.Expand(s.Env[key], getenv))
	}
	return env
}
