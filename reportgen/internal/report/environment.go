package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/execute"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// Environment is what a run needs of the user's environment, or its temporary replacement.
type Environment struct {
	Kept bool // what is cached is there for the next run

	work     *workdir.Dir // the replacements, or nil
	replaced map[string]*string
}

// NewEnvironment makes sure that this program and the kernels have a folder for temporary files, a home folder and a cache.
// It replaces what is missing or cannot be written for as long as the environment is not closed, and warns.
func NewEnvironment(warn func(message string)) (*Environment, error) {
	e := &Environment{Kept: true, replaced: make(map[string]*string)}
	if err := e.temporary(warn); err != nil {
		return nil, err
	}
	err := e.home(warn)
	if err == nil {
		err = e.cache(warn)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// temporary makes os.TempDir a folder that can be written.
func (e *Environment) temporary(warn func(string)) error {
	first := probe(os.TempDir())
	if first == nil {
		return nil
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm"} {
		if probe(dir) == nil {
			warn(fmt.Sprintf("TMPDIR cannot be written: %v; using %s", first, dir))
			return e.set("TMPDIR", dir)
		}
	}
	return fmt.Errorf("no folder for temporary files: %w; set TMPDIR to one that can be written", first)
}

// slowGo is what a temporary home means for Go kernels.
const slowGo = "; the first Go cell takes longer, since Go's build cache there is empty: set GOCACHE to keep one"

// home sets $HOME if it is not set or names no folder. Kernels and compilers look for their settings there.
func (e *Environment) home(warn func(string)) error {
	home := os.Getenv("HOME")
	if info, err := os.Stat(home); err == nil && info.IsDir() {
		return nil
	}
	dir, err := e.replacement("home")
	if err != nil {
		return err
	}
	if home == "" {
		warn("HOME is not set; using a temporary folder" + slowGo)
	} else {
		warn(fmt.Sprintf("HOME=%s is not a folder; using a temporary one", home) + slowGo)
	}
	return e.set("HOME", dir)
}

// cache makes the cache of this program a folder that can be written. Without one, nothing is kept for the next run.
func (e *Environment) cache(warn func(string)) error {
	dir, err := profile.CacheDir()
	if err == nil {
		if err = os.MkdirAll(dir, 0o777); err == nil {
			err = probe(dir)
		}
	}
	if err == nil && (e.work == nil || !inside(e.work.Path, dir)) {
		return nil
	}
	if err == nil {
		err = errors.New("in a temporary folder")
	}
	warn(fmt.Sprintf("cache: %v; no outputs and profiles are kept for the next run", err))
	e.Kept = false
	replacement, err := e.replacement("cache")
	if err != nil {
		return err
	}
	// Compilers have their cache there too.
	return errors.Join(e.set("XDG_CACHE_HOME", replacement), e.set("FLOWBOOK_CACHE", filepath.Join(replacement, "flowbook")))
}

func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// replacement makes a temporary folder.
func (e *Environment) replacement(name string) (string, error) {
	if e.work == nil {
		work, err := workdir.Make(os.TempDir(), "reportgen-home-")
		if err != nil {
			return "", err
		}
		e.work = work
	}
	dir := filepath.Join(e.work.Path, name)
	return dir, os.MkdirAll(dir, 0o777)
}

func (e *Environment) set(name, value string) error {
	if _, again := e.replaced[name]; !again {
		e.replaced[name] = nil
		if old, set := os.LookupEnv(name); set {
			e.replaced[name] = &old
		}
	}
	return os.Setenv(name, value)
}

// Close removes the replacements.
func (e *Environment) Close() error {
	var errs []error
	for name, old := range e.replaced {
		if old == nil {
			errs = append(errs, os.Unsetenv(name))
		} else {
			errs = append(errs, os.Setenv(name, *old))
		}
	}
	if e.work != nil {
		errs = append(errs, e.work.Remove())
	}
	return errors.Join(errs...)
}

// The variables with the paths of this program and its cache, for cells.
const (
	programVariable = "FLOWBOOK_REPORTGEN"
	cacheVariable   = "FLOWBOOK_CACHE"
)

// cacheDir returns the absolute path of the cache of this program.
func cacheDir() (string, error) {
	dir, err := profile.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// CellCache returns the cache of outputs of cells, a folder beside the profiles.
func CellCache() (*execute.Cache, error) {
	dir, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return &execute.Cache{Dir: filepath.Join(dir, "cells"), Places: []string{programVariable, cacheVariable}}, nil
}

// kernelEnv lets packages that cells import find this program and its cache.
func kernelEnv() ([]string, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return []string{programVariable + "=" + program, cacheVariable + "=" + cache}, nil
}
