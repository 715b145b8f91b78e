package gonb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

const (
	gonbTool      = "github.com/janpfeifer/gonb"
	goimportsTool = "golang.org/x/tools/cmd/goimports"

	// modulePath is the module of the kernel's go command, when it is compiled alone.
	modulePath = "github.com/flowbook/flowbook/reportgen/internal/gonb"
)

// Install writes the spec of the GoNB kernel that the Go module around dir pins to
// PREFIX/share/jupyter/kernels/gonb, where a JupyterLab installed in prefix finds it.
// It also builds gopls, with which GoNB completes code, unless that fails: the
// reason goes to progress. In strings of cells, the editor completes words. Install
// returns the path of the kernel.json.
func Install(ctx context.Context, dir, prefix string, words []string, progress io.Writer) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	root, err := moduleOf(dir)
	if err != nil {
		return "", err
	}
	if root == "" {
		return "", fmt.Errorf("%s is not in a Go module whose go.mod has %q; run this inside the module", dir, "tool "+gonbTool)
	}
	file, err := specFile(prefix)
	if err != nil {
		return "", err
	}
	spec, err := build(ctx, root, progress)
	if err != nil {
		return "", err
	}
	if program, err := os.Executable(); err == nil && !strings.Contains(program, "go-build") { // go run and go test remove theirs
		spec.Env["FLOWBOOK_REPORTGEN"] = program // which reads flow files for cells
	}
	imports, err := editorImports(ctx, root)
	if err != nil {
		return "", err
	}
	spec.Env["GONB_EDITOR_IMPORTS"], spec.Env["GONB_EDITOR_WORDS"] = strings.Join(imports, ","), strings.Join(words, ",")
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(spec); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	if err := wholefile.WriteBytes(file, b.Bytes(), 0o644); err != nil {
		return "", err
	}
	err = buildGopls(ctx, filepath.Dir(spec.Argv[0]), progress)
	if err == nil {
		err = warm(ctx, spec, imports, progress)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(progress, "JupyterLab may not complete code: %v; run reportgen kernel install again\n", err)
	}
	return file, ctx.Err()
}

// specFile returns the path of the kernel.json below prefix. It returns an error if prefix does not exist, since no JupyterLab
// would find the kernel there, and if there is a kernel.json that Install did not write.
func specFile(prefix string) (string, error) {
	switch info, err := os.Stat(prefix); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("--prefix %s: no such folder; name that of JupyterLab, or create a virtual environment first (python3 -m venv %s)", prefix, prefix)
	case err != nil:
		return "", fmt.Errorf("--prefix: %w", err)
	case !info.IsDir():
		return "", fmt.Errorf("--prefix %s: is not a folder; name the virtual environment of JupyterLab", prefix)
	}
	file := filepath.Join(prefix, "share", "jupyter", "kernels", name, "kernel.json")
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err == nil && !bytes.Contains(text, []byte(workFlag)) {
		return "", fmt.Errorf("%s: exists and was not written by reportgen; remove it to replace it", file)
	}
	return file, nil
}

// workFlag is the flag of the kernel that names its module, which only Install sets.
const workFlag = "-go_work="

// readModule reads a go.mod.
func readModule(file string) (*modfile.File, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(file, src, nil)
}

// moduleOf is the folder of the Go module around dir if its go.mod pins GoNB as a
// tool, else empty.
func moduleOf(dir string) (string, error) {
	file := kernel.Upward(dir, "go.mod")
	if file == "" {
		return "", nil
	}
	mod, err := readModule(file)
	if err != nil {
		return "", err
	}
	pinned := make(map[string]bool)
	for _, t := range mod.Tool {
		pinned[t.Path] = true
	}
	if !pinned[gonbTool] {
		return "", nil
	}
	if !pinned[goimportsTool] {
		return "", fmt.Errorf("%s: GoNB needs goimports; run go get -tool %s", file, goimportsTool)
	}
	return filepath.Dir(file), nil
}

// build builds the kernel and its tools as the module in root pins them, into
// root's .tools/bin, and returns the kernel's spec.
func build(ctx context.Context, root string, progress io.Writer) (*kernel.Spec, error) {
	bin := filepath.Join(root, ".tools", "bin")
	env, err := goEnv(ctx, root)
	if err != nil {
		return nil, err
	}
	versions, err := toolVersions(root, env)
	if err != nil {
		return nil, err
	}
	if err := buildTools(ctx, root, bin, env, progress); err != nil {
		return nil, err
	}
	return &kernel.Spec{
		Build: versions, Project: root,
		Name: name, DisplayName: "Go (gonb)", Language: "go", InterruptMode: "message",
		Argv: []string{
			filepath.Join(bin, "gonb"), "--kernel", "{connection_file}", "--logtostderr",
			// A workspace with the module in it: cells import its packages as they
			// are on disk and its dependencies as it pins them, with no download.
			workFlag + root,
		},
		Env: map[string]string{
			"PATH":    bin + string(os.PathListSeparator) + "${PATH}",
			"GOFLAGS": cellFlags(os.Getenv("GOFLAGS")),
		},
		Hide: []string{root + "/", "", filepath.Join(env["GOROOT"], "src") + "/", "", env["GOMODCACHE"] + "/", ""},
	}, nil
}

// modFlag is the flag -mod, which is an error in a workspace unless it is readonly
// or vendor.
var modFlag = regexp.MustCompile(`(^|\s)--?mod=\S+`)

// cellFlags returns the GOFLAGS of cells, from those of the user. A cell's program
// runs once: without symbol tables it links faster.
func cellFlags(flags string) string {
	return strings.TrimSpace(modFlag.ReplaceAllString(flags, "") + " '-ldflags=-s -w' -buildvcs=false")
}

// goplsScript hides an installed gopls, which GoNB would start with each kernel. A
// report has no user at the keyboard who needs completion.
const goplsScript = "#!/bin/sh\nexit 1\n"

// headless is the folder of programs for the kernel of a report.
func headless(bin string) string { return filepath.Join(bin, "headless") }

// buildTools builds the kernel, goimports and the kernel's go command, unless they
// are up to date.
func buildTools(ctx context.Context, root, bin string, env map[string]string, progress io.Writer) (err error) {
	want, err := toolsStamp(root, env)
	if err != nil {
		return err
	}
	file := filepath.Join(bin, ".built-from")
	have, err := os.ReadFile(file)
	if err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fmt.Fprintln(progress, "building the GoNB kernel into .tools/bin (once)")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	work, err := workdir.Make(filepath.Dir(bin), "build-")
	if err != nil {
		return err
	}
	tmp := work.Path
	defer func() { err = errors.Join(err, work.Remove()) }()
	patched, err := patchGoNB(ctx, root, tmp)
	if err != nil {
		fmt.Fprintf(progress, "completion in JupyterLab may be slow: %v\n", err)
	}
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", tmp + string(filepath.Separator)}, patched, []string{gonbTool, goimportsTool})...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the GoNB kernel in %s: %w\n%s", root, err, indent(out))
	}
	if err := buildPrebuild(ctx, filepath.Join(tmp, "go"), filepath.Join(env["GOROOT"], "bin", "go")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, "gopls"), []byte(goplsScript), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(headless(bin), 0o755); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(tmp, "gopls"), filepath.Join(headless(bin), "gopls")); err != nil {
		return err
	}
	// Renamed, not overwritten: a kernel may be running the old ones.
	for _, name := range []string{"gonb", "goimports", "go"} {
		if err := os.Rename(filepath.Join(tmp, name), filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	return wholefile.WriteBytes(file, want, 0o644)
}

// toolsStamp distinguishes what the tools are built from: the source of the kernel's
// go command, the versions that the module pins, the version of Go and its folder.
func toolsStamp(root string, env map[string]string) ([]byte, error) {
	h := sha256.New()
	h.Write([]byte(goplsScript))
	h.Write(goplsPatch)
	err := fs.WalkDir(prebuildSource, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		src, err := prebuildSource.ReadFile(name)
		fmt.Fprintf(h, "%s %d\n%s", name, len(src), src)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		src, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		h.Write(src)
	}
	return fmt.Appendf(nil, "%s %s %x\n", env["GOVERSION"], env["GOROOT"], h.Sum(nil)), nil
}

// toolVersions are the versions of Go, GoNB and goimports as the module in root pins
// them: all that the tools contribute to a cell's outputs. What the module requires
// besides reaches a cell through its imports, see [Driver.Dependencies].
func toolVersions(root string, env map[string]string) (string, error) {
	file := filepath.Join(root, "go.mod")
	mod, err := readModule(file)
	if err != nil {
		return "", err
	}
	versions := []string{env["GOVERSION"]}
	for _, r := range mod.Require {
		if r.Mod.Path == gonbTool || r.Mod.Path == "golang.org/x/tools" {
			versions = append(versions, r.Mod.String())
		}
	}
	for _, r := range mod.Replace {
		if r.Old.Path == gonbTool || r.Old.Path == "golang.org/x/tools" {
			versions = append(versions, r.New.String())
		}
	}
	return strings.Join(versions, " "), nil
}

func goEnv(ctx context.Context, root string) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOMODCACHE", "GOVERSION")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the GoNB kernel needs the go command: %w", err)
	}
	env := make(map[string]string)
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	return env, nil
}

// prebuildSource is the source of the kernel's go command.
//
//go:embed magic/*.go prebuild/*.go prebuild/*.txt
var prebuildSource embed.FS

// buildPrebuild compiles the kernel's go command to file, and leaves its source in
// the folder beside it. realGo is the path of the real go command.
func buildPrebuild(ctx context.Context, file, realGo string) error {
	dir := filepath.Join(filepath.Dir(file), "source")
	if err := os.CopyFS(dir, prebuildSource); err != nil {
		return err
	}
	tests, err := filepath.Glob(filepath.Join(dir, "*", "*_test.go"))
	if err != nil {
		return err
	}
	for _, name := range tests {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+modulePath+"\n\ngo 1.24\n"), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, realGo, "build", "-trimpath", "-ldflags=-s -w -X 'main.realGo="+realGo+"'", "-o", file, "./prebuild")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the kernel's go command: %w\n%s", err, indent(out))
	}
	return nil
}

func indent(text []byte) string {
	return "\t" + strings.ReplaceAll(strings.TrimRight(string(text), "\n"), "\n", "\n\t")
}

// State is what of the kernel there is around a folder.
type State struct {
	Module        string // the folder of the Go module that pins GoNB; empty if there is none
	Kernel, Gopls bool   // they are built
}

// Look looks for the kernel of the Go module around dir, and builds nothing.
func Look(dir string) (State, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return State{}, err
	}
	root, err := moduleOf(dir)
	if err != nil || root == "" {
		return State{}, err
	}
	built := func(name string) bool {
		_, err := os.Stat(filepath.Join(root, ".tools", "bin", name))
		return err == nil
	}
	return State{Module: root, Kernel: built("gonb"), Gopls: built("gopls")}, nil
}
