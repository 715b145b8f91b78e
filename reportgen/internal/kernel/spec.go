package kernel

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Spec is a kernel spec: how to start a kernel, as its kernel.json says.
type Spec struct {
	Name          string            `json:"-"` // the name of its folder
	Dir           string            `json:"-"` // its folder; empty where it lies in none
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode,omitempty"` // "message", or "signal" where empty
	Env           map[string]string `json:"env,omitempty"`            // values may name variables as ${NAME}
	Metadata      map[string]any    `json:"metadata,omitempty"`
	Hide          []string          `json:"-"` // for [Options].Hide
	Build         string            `json:"-"` // what a kernel that was built here was built from; else empty
	Module        string            `json:"-"` // the folder of the Go module that cells import from; else empty
	Ahead         bool              `json:"-"` // it builds cells ahead: it is told [Options].Cells
}

// NotFoundError says that there is no kernel of a name.
type NotFoundError struct {
	Name  string
	Known []string // the names of those there are, sorted
}

func (e *NotFoundError) Error() string {
	hint := "install it, or name another with --kernel"
	if e.Name == gonbName {
		hint = "keep the notebook inside a Go module whose go.mod has \"tool " + gonbTool + "\" and \"tool " + goimportsTool + "\" (go get -tool), or install GoNB"
	}
	if len(e.Known) == 0 {
		return fmt.Sprintf("there is no Jupyter kernel %q, nor any other: %s", e.Name, hint)
	}
	return fmt.Sprintf("there is no Jupyter kernel %q, only %s: %s", e.Name, strings.Join(e.Known, ", "), hint)
}

// DataDirs are the folders in which Jupyter keeps data, kernel specs in their
// folder "kernels" among it, in the order of search: JUPYTER_PATH; the user's;
// those of the environments (VIRTUAL_ENV, CONDA_PREFIX, and a .venv in dir or
// above it); the system's.
func DataDirs(dir string, getenv func(string) string) []string {
	dirs := filepath.SplitList(getenv("JUPYTER_PATH"))
	home := getenv("HOME")
	user := getenv("JUPYTER_DATA_DIR")
	switch {
	case user != "":
	case runtime.GOOS == "darwin":
		user = filepath.Join(home, "Library", "Jupyter")
	default:
		user = filepath.Join(cmp.Or(getenv("XDG_DATA_HOME"), filepath.Join(home, ".local", "share")), "jupyter")
	}
	dirs = append(dirs, user)
	for _, prefix := range []string{getenv("VIRTUAL_ENV"), getenv("CONDA_PREFIX"), upward(dir, ".venv")} {
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

// upward is the path of name in dir or the nearest folder above that has it.
func upward(dir, name string) string {
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

// findSpec looks for the kernel in the folder "kernels" of each data folder.
// Names are compared in lower case, as Jupyter does.
func findSpec(name string, dataDirs []string) (*Spec, error) {
	known := make(map[string]bool)
	for _, dir := range dataDirs {
		entries, err := os.ReadDir(filepath.Join(dir, "kernels"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("look for kernels: %w", err)
		}
		for _, e := range entries {
			folder := filepath.Join(dir, "kernels", e.Name())
			if _, err := os.Stat(filepath.Join(folder, "kernel.json")); err != nil {
				continue
			}
			if known[strings.ToLower(e.Name())] = true; strings.EqualFold(e.Name(), name) {
				return readSpec(folder)
			}
		}
	}
	if name == "python" && known["python3"] { // as Jupyter has it
		return findSpec("python3", dataDirs)
	}
	return nil, &NotFoundError{Name: name, Known: slices.Sorted(maps.Keys(known))}
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
		return nil, fmt.Errorf("%s: argv is empty: a kernel spec names the program to start", file)
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
	// A spec that an environment's Python installed means that environment's
	// Python, not the first on PATH: PREFIX/share/jupyter/kernels/NAME.
	if a := argv[0]; s.Dir != "" && (a == "python" || strings.HasPrefix(a, "python3")) {
		python := filepath.Join(s.Dir, "..", "..", "..", "..", "bin", a)
		if _, err := os.Stat(python); err == nil {
			argv[0] = filepath.Clean(python)
		}
	}
	return argv
}

// environ is Env with the variables in its values resolved.
func (s *Spec) environ(getenv func(string) string) []string {
	var env []string
	for _, key := range slices.Sorted(maps.Keys(s.Env)) {
		env = append(env, key+"="+os.Expand(s.Env[key], getenv))
	}
	return env
}
