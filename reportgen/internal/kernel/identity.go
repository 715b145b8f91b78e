package kernel

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// source is this package's own code: what it makes of a kernel's messages is part
// of every output.
//
//go:embed *.go
var source embed.FS

// Identity is the SHA-256, in hexadecimal, of what a cell's outputs owe to the
// kernel and to this package: the spec, the program it starts, the versions that a
// kernel built here was built from, and the names and versions of the packages
// installed in a Python environment. Two kernels of one identity give a cell the
// same outputs.
func (s *Spec) Identity() (string, error) {
	h := sha256.New()
	enc := json.NewEncoder(h) // sorts the keys of maps
	if err := enc.Encode(s); err != nil {
		return "", fmt.Errorf("kernel %s: %w", s.Name, err)
	}
	fmt.Fprintf(h, "%s\n%q\n%q\n", s.Build, s.Hide, s.Module)
	if s.Build == "" {
		if err := s.installed(h); err != nil {
			return "", fmt.Errorf("kernel %s: %w", s.Name, err)
		}
	}
	if err := hashSource(h, source); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// installed writes what tells one installation of a kernel from another.
func (s *Spec) installed(h io.Writer) error {
	program, err := exec.LookPath(s.argv("")[0])
	if err != nil {
		return err
	}
	// A small program may load its interpreter from beside the one it links to.
	target, err := filepath.EvalSymlinks(program)
	if err != nil {
		return err
	}
	fmt.Fprintln(h, target)
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("read %s: %w", program, err)
	}
	// A virtual environment's python is a link; its packages lie beside the link.
	packages, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(program)), "lib", "python*", "site-packages", "*-info"))
	if err != nil {
		return err
	}
	slices.Sort(packages)
	for _, p := range packages {
		fmt.Fprintln(h, filepath.Base(p)) // NAME-VERSION.dist-info
	}
	return nil
}

// hashSource writes the names and contents of the files in fsys that are no tests.
func hashSource(h io.Writer, fsys embed.FS) error {
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		src, err := fsys.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(src), src)
		return nil
	})
}
