package nb

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/filename"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/query"
)

// samplePrefix is the prefix of files of the sample days.
const samplePrefix = "sample:"

// modulePath is the first line of Flowbook's go.mod.
const modulePath = "module github.com/flowbook/flowbook"

// openDay returns the profile of a day from the cache. If it is not there, openDay runs
// reportgen profile.
func openDay(parameter, file string) (*profile.Profile, error) {
	if file == "" {
		return nil, fmt.Errorf("input %s: no file; set it to a flow file in %s, or to %sdata.parquet", parameter, configName, samplePrefix)
	}
	p, err := readDay(file)
	if err != nil {
		return nil, fmt.Errorf("parameter %s: %w", parameter, err)
	}
	return p, nil
}

// readDay returns the profile of a flow file, or of all flow files in a folder, which
// are of one date.
func readDay(day string) (*profile.Profile, error) {
	files, err := flowFiles(day)
	if err != nil {
		return nil, err
	}
	dates := map[time.Time]bool{}
	var parts []*profile.Profile
	for _, file := range files {
		dates[filename.Date(file)] = true
	}
	if len(dates) > 1 {
		return nil, fmt.Errorf("%s: has %d days; name the folder or file of one of them, such as %s", day, len(dates), files[len(files)-1])
	}
	for _, file := range files {
		p, err := readFile(file)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return profile.Merge(parts...), nil
}

// flowFiles returns the flow files of a parameter, which is one or a folder of them. The
// cell depends on them.
func flowFiles(day string) ([]string, error) {
	path, err := locate(day)
	if err != nil {
		return nil, err
	}
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if files, err = filename.Below(path, ".parquet"); err != nil {
			return nil, fmt.Errorf("%s: %w", day, err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("%s: the folder has no .parquet file", day)
		}
	}
	for _, file := range files {
		if err := declare(file); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func readFile(path string) (*profile.Profile, error) {
	for range 2 {
		p, ok, err := profile.ReadCached(path)
		switch {
		case errors.Is(err, profile.ErrCache):
			return compute(path)
		case err != nil:
			return nil, err
		case ok:
			return p, nil
		}
		if err := runProfile(path); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("reportgen profile %s: no profile in the cache that this notebook can read; use a reportgen of the same version and the same FLOWBOOK_CACHE",
		filepath.Base(path))
}

// resolve returns the path of the file of a parameter, which the cell depends on.
func resolve(file string) (string, error) {
	path, err := locate(file)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err != nil {
		return "", err
	} else if info.IsDir() {
		return "", fmt.Errorf("%s: is a folder, not a file", file)
	}
	return path, declare(path)
}

// locate returns the path of the file or folder of a parameter, which is there.
func locate(file string) (string, error) {
	path := file
	if name, ok := strings.CutPrefix(file, samplePrefix); ok {
		root, err := moduleRoot()
		if err != nil {
			return "", fmt.Errorf("%s: %w", file, err)
		}
		path = filepath.Join(root, "testdata", filepath.Base(name))
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: no such file; %s", file, cmp.Or(nearFile(path), "use "+samplePrefix+"NAME for a file of the sample days"))
	}
	return path, err
}

// nearFile asks after files beside a path that does not exist whose names are near.
func nearFile(path string) string {
	var names []string
	entries, _ := os.ReadDir(filepath.Dir(path)) // without the folder, none is near
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return query.DidYouMean(filepath.Base(path), names)
}

// moduleRoot returns the folder of Flowbook's module: the one around the notebook, or
// else the one from which this package was compiled.
func moduleRoot() (string, error) {
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if _, source, _, ok := runtime.Caller(0); ok {
		starts = append(starts, filepath.Dir(source))
	}
	for _, dir := range starts {
		for ; ; dir = filepath.Dir(dir) {
			mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
			if err == nil && bytes.HasPrefix(mod, []byte(modulePath+"\n")) {
				return dir, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", errors.New("the module of Flowbook with the sample days was not found; run the notebook inside it, or use paths of files")
}

// compute returns the profile of a flow file without the cache.
func compute(path string) (*profile.Profile, error) {
	dir, err := os.MkdirTemp("", "flowbook-profile-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "day.profile")
	if err := runProfile(path, "-o", out); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	return profile.Unmarshal(b)
}

// runProfile runs reportgen profile on a flow file.
func runProfile(path string, options ...string) error {
	cmd, err := reportgen(append([]string{"profile", path}, options...)...)
	if err != nil {
		return err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		words := strings.TrimSpace(stderr.String())
		if words == "" {
			words = err.Error()
		}
		return fmt.Errorf("reading %s: %s", filepath.Base(path), strings.TrimPrefix(words, "reportgen: "))
	}
	return nil
}

// reportgen returns the command that runs reportgen: the program that
// $FLOWBOOK_REPORTGEN names, or else the one on PATH, or else the module's source.
func reportgen(args ...string) (*exec.Cmd, error) {
	if program := os.Getenv("FLOWBOOK_REPORTGEN"); program != "" {
		return exec.Command(program, args...), nil
	}
	if program, err := exec.LookPath("reportgen"); err == nil {
		return exec.Command(program, args...), nil
	}
	root, err := moduleRoot()
	if err == nil { // the copy of the packages in a project of reportgen init has no program
		_, err = os.Stat(filepath.Join(root, "reportgen"))
	}
	if err != nil {
		return nil, errors.New("reportgen, which reads flow files, was not found; put it on PATH, or set FLOWBOOK_REPORTGEN to its path")
	}
	for i, a := range args[1:] { // the command runs in another folder
		if abs, err := filepath.Abs(a); err == nil && !strings.HasPrefix(a, "-") {
			args[i+1] = abs
		}
	}
	cmd := exec.Command("go", append([]string{"run", "./reportgen"}, args...)...)
	cmd.Dir = root
	return cmd, nil
}

// inputsVariable is the variable with the path of a file to which a cell appends
// the paths of the files that it reads. Reportgen sets it, and runs the cell again
// when one of the files changes.
const inputsVariable = "REPORTGEN_INPUTS"

// declare records that the output of the cell depends on a file. Outside of
// reportgen it does nothing.
func declare(path string) error {
	record := os.Getenv(inputsVariable)
	if record == "" {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(record, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("record the inputs of the cell: %w", err)
	}
	_, err = fmt.Fprintln(f, path)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("record the inputs of the cell: %w", err)
	}
	return nil
}
