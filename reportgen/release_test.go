package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	modzip "golang.org/x/mod/zip"

	modversion "golang.org/x/mod/module"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// releaseFlags returns the flags of go build in .goreleaser.yaml, for a version.
func releaseFlags(t *testing.T, version string) []string {
	t.Helper()
	src, err := os.ReadFile("../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Builds []struct {
			Main    string
			Flags   []string
			Ldflags []string
		}
	}
	if err := yaml.Unmarshal(src, &config); err != nil || len(config.Builds) != 1 || config.Builds[0].Main != "./reportgen" {
		t.Fatalf("%+v, error %v", config, err)
	}
	b := config.Builds[0]
	return append(b.Flags, "-ldflags", strings.ReplaceAll(strings.Join(b.Ldflags, " "), "{{ .Version }}", version))
}

// moduleFiles are the files of the module that Git tracks or would.
func moduleFiles(t *testing.T) []string {
	t.Helper()
	git := testenv.Program(t, "git", "Debian's package git")
	out, err := exec.CommandContext(t.Context(), git, "-C", "..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("needs the module in a Git work tree")
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if _, err := os.Stat(filepath.Join("..", name)); err == nil {
			files = append(files, name)
		}
	}
	return files
}

// TestReleaseBuild: builds with the release's flags in two folders have one
// SHA-256, name their version and hold no path of the machine.
func TestReleaseBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program twice: skipped with -short")
	}
	files := moduleFiles(t)
	var sums []string
	for _, name := range []string{"one", "another/folder"} {
		dir := filepath.Join(t.TempDir(), name)
		for _, file := range files {
			if strings.HasPrefix(file, "pkg/") || strings.HasPrefix(file, "notebooks/") || strings.HasPrefix(file, "reportgen/") || strings.HasPrefix(file, "go.") {
				copyFile(t, filepath.Join("..", file), filepath.Join(dir, file))
			}
		}
		cmd := exec.CommandContext(t.Context(), "go", append(append([]string{"build"}, releaseFlags(t, "1.2.3")...), "-o", "rg", "./reportgen")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		program, err := os.ReadFile(filepath.Join(dir, "rg"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(program, []byte(filepath.Dir(dir))) {
			t.Errorf("the program holds the path of its folder, %s", dir)
		}
		sums = append(sums, fmt.Sprintf("%x", sha256.Sum256(program)))
		out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "rg"), "--version").Output()
		if err != nil || !strings.Contains(string(out), "v1.2.3") {
			t.Errorf("--version: %s, error %v", out, err)
		}
	}
	if t.Logf("SHA-256 %s", sums[0]); sums[0] != sums[1] {
		t.Errorf("two builds differ: %s and %s", sums[0], sums[1])
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	src, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, src, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// moduleFile is a file of the module's zip.
type moduleFile string

func (f moduleFile) Path() string                 { return string(f) }
func (f moduleFile) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join("..", string(f))) }
func (f moduleFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join("..", string(f))) }

// TestGoInstall runs the commands of go in README.md in an empty folder, with a
// proxy that has the module as a zip. They must give a program that needs no file
// of the module, and a folder in which notebooks run.
func TestGoInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program from a zip of the module: skipped with -short")
	}
	cached, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	const version = "v0.1.0"
	writeProxy(t, filepath.Join(dir, "proxy"), version)
	// With -trimpath, packages that other builds compiled are found in the cache.
	do := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = empty
		cmd.Env = append(os.Environ(), "GOFLAGS=-modcacherw -trimpath", "GOSUMDB=off", "CGO_ENABLED=0", "GOBIN="+dir, "GOMODCACHE="+filepath.Join(dir, "modules"),
			"FLOWBOOK_CACHE="+filepath.Join(dir, "cache"), "FLOWBOOK_REPORTGEN="+filepath.Join(dir, "reportgen"),
			"GOPROXY=file://"+filepath.Join(dir, "proxy")+",file://"+filepath.Join(strings.TrimSpace(string(cached)), "cache", "download"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	program := filepath.Join(dir, "reportgen")
	for _, args := range readmeGoCommands(t) {
		do("go", args...)
		if args[0] == "install" {
			if out := do(program, "--version"); !strings.Contains(out, version) {
				t.Errorf("--version: %s", out)
			}
			do(program, "synth", "-o", "days", "--flows", "20000")
			findings := do(program, "detect", "--baseline", "days/data.parquet", "--test", "days/test.parquet", "--format", "json")
			if !strings.Contains(findings, `"rule":"exfiltration"`) {
				t.Errorf("detect: %s", findings)
			}
		}
	}
	do(program, "init", "office")
	do(program, "synth", "-o", "office/days", "--flows", "20000")
	do(program, "run", "-o", "office/report", "office/notebooks")
	page, err := os.ReadFile(filepath.Join(empty, "office", "report", "report.md"))
	if err != nil || !strings.Contains(string(page), "days/data.parquet") && !strings.Contains(string(page), "data.parquet") {
		t.Errorf("the report does not name its input: %v\n%.500s", err, page)
	}
}

// writeProxy writes a Go module proxy with the module, as a zip of one version.
func writeProxy(t *testing.T, dir, version string) {
	t.Helper()
	const path = "github.com/flowbook/flowbook"
	folder := filepath.Join(dir, filepath.FromSlash(path), "@v")
	var files []modzip.File
	for _, name := range moduleFiles(t) {
		files = append(files, moduleFile(name))
	}
	var b bytes.Buffer
	if err := modzip.Create(&b, modversion.Version{Path: path, Version: version}, files); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, folder, map[string]string{version + ".zip": b.String(), version + ".mod": string(mod), "list": version + "\n",
		version + ".info": `{"Version":"` + version + `","Time":"2026-01-01T00:00:00Z"}`})
}

var pinned = regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)

// TestWorkflowsArePinned: each action is named by the hash of a commit, with its
// version in a comment for Dependabot, jobs may only read unless they release, and each
// make target exists. New projects get such workflows too.
func TestWorkflowsArePinned(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../.github/workflows/*.yml")
	more, moreErr := filepath.Glob("internal/starter/template/.github/workflows/*.yml")
	if err != nil || moreErr != nil || len(files) < 3 || len(more) < 2 {
		t.Fatalf("%d and %d workflows, errors %v, %v", len(files), len(more), err, moreErr)
	}
	for _, file := range append(files, more...) {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var workflow struct {
			Permissions map[string]string
			Jobs        map[string]struct{ Permissions any }
		}
		if err := yaml.Unmarshal(src, &workflow); err != nil || len(workflow.Jobs) == 0 {
			t.Errorf("%s: %d jobs, error %v", file, len(workflow.Jobs), err)
		}
		contents := map[bool]string{true: "write", false: "read"}[filepath.Base(file) == "release.yml"]
		if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != contents {
			t.Errorf("%s has the permissions %v", file, workflow.Permissions)
		}
		for name, job := range workflow.Jobs {
			if job.Permissions != nil {
				t.Errorf("%s: job %s has permissions of its own", file, name)
			}
		}
		for line := range strings.Lines(string(src)) {
			if _, action, ok := strings.Cut(strings.TrimSpace(line), "uses: "); ok && !pinned.MatchString(action) {
				t.Errorf("%s: %s is not pinned by a commit", file, action)
			}
			_, targets, _ := strings.Cut(strings.TrimSpace(line), "run: make ")
			for _, target := range strings.Fields(targets) {
				if !strings.Contains(string(makefile), "\n"+target+":") {
					t.Errorf("%s: there is no target %s", file, target)
				}
			}
		}
	}
}
