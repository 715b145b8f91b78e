package kernel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/google/renameio/v2"
)

const (
	gonbName      = "gonb"
	gonbTool      = "github.com/janpfeifer/gonb"
	goimportsTool = "golang.org/x/tools/cmd/goimports"
)

// Find returns the kernel spec of the given name for a notebook in dir. Where dir
// lies in a Go module that pins GoNB as a tool, the kernel gonb is that one, so
// that a report does not depend on what else is installed; it is built first
// where that has not been done, which progress is told. Other kernels are found
// where Jupyter finds them, see [DataDirs]. An unknown name is a [*NotFoundError].
func Find(ctx context.Context, name, dir string, progress io.Writer) (*Spec, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	name = strings.ToLower(name) // as Jupyter compares them
	if name == gonbName {
		root, err := gonbModule(dir)
		if err != nil {
			return nil, err
		}
		if root != "" {
			spec, err := buildGoNB(ctx, root, progress)
			if err != nil {
				return nil, err
			}
			spec.Argv = append(spec.Argv, "-raw_error") // errors as text; JupyterLab gets HTML
			spec.Env["PATH"] = headless(filepath.Dir(spec.Argv[0])) + string(os.PathListSeparator) + spec.Env["PATH"]
			return spec, nil
		}
	}
	return findSpec(name, DataDirs(dir, os.Getenv))
}

// Install writes the spec of the GoNB kernel that the Go module around dir pins
// into PREFIX/share/jupyter/kernels/gonb, where a JupyterLab installed in prefix
// finds it, and returns the path of its kernel.json.
func Install(ctx context.Context, dir, prefix string, progress io.Writer) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	root, err := gonbModule(dir)
	if err != nil {
		return "", err
	}
	if root == "" {
		return "", fmt.Errorf("%s is not in a Go module whose go.mod has %q: run this inside the module", dir, "tool "+gonbTool)
	}
	spec, err := buildGoNB(ctx, root, progress)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(spec); err != nil {
		return "", err
	}
	file := filepath.Join(prefix, "share", "jupyter", "kernels", gonbName, "kernel.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	return file, renameio.WriteFile(file, b.Bytes(), 0o644)
}

// gonbModule is the folder of the Go module around dir if its go.mod pins GoNB
// as a tool, and empty if not.
func gonbModule(dir string) (string, error) {
	file := upward(dir, "go.mod")
	if file == "" {
		return "", nil
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	mod, err := modfile.Parse(file, src, nil)
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
		return "", fmt.Errorf("%s: GoNB needs goimports: run go get -tool %s", file, goimportsTool)
	}
	return filepath.Dir(file), nil
}

// buildGoNB builds the kernel and its tools as the module in root pins them, into
// root's .tools/bin, and returns the kernel's spec.
func buildGoNB(ctx context.Context, root string, progress io.Writer) (*Spec, error) {
	bin := filepath.Join(root, ".tools", "bin")
	env, err := goEnv(ctx, root)
	if err != nil {
		return nil, err
	}
	build, err := buildTools(ctx, root, bin, env, progress)
	if err != nil {
		return nil, err
	}
	return &Spec{
		Build: string(build), Module: root, Ahead: true,
		Name: gonbName, DisplayName: "Go (gonb)", Language: "go", InterruptMode: "message",
		Argv: []string{
			filepath.Join(bin, "gonb"), "--kernel", "{connection_file}", "--logtostderr",
			// A workspace with the module in it: cells import its packages as they
			// are on disk and its dependencies as it pins them, with no download.
			"-go_work=" + root,
		},
		Env: map[string]string{
			"PATH": bin + string(os.PathListSeparator) + "${PATH}",
			// A cell's program is built, run once and thrown away: without symbol
			// tables it links faster and behaves the same.
			"GOFLAGS": strings.TrimSpace(os.Getenv("GOFLAGS") + " '-ldflags=-s -w' -buildvcs=false"),
		},
		Hide: []string{root + "/", "", filepath.Join(env["GOROOT"], "src") + "/", "", env["GOMODCACHE"] + "/", ""},
	}, nil
}

// goplsScript stands before an installed gopls, which GoNB would start with each
// kernel: it completes what people type, and a report has nobody who does.
const goplsScript = "#!/bin/sh\nexit 1\n"

// headless is the folder of what only stands before a kernel that nobody types to.
func headless(bin string) string { return filepath.Join(bin, "headless") }

// buildTools returns what tells apart what the tools were built from.
func buildTools(ctx context.Context, root, bin string, env map[string]string, progress io.Writer) (stamp []byte, err error) {
	want, err := toolsStamp(root, env)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(bin, ".built-from")
	have, err := os.ReadFile(file)
	if err == nil && bytes.Equal(have, want) {
		return want, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	fmt.Fprintln(progress, "building the GoNB kernel into .tools/bin (once)")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(bin), "build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	cmd := exec.CommandContext(ctx, "go", "build", "-o", tmp+string(filepath.Separator), gonbTool, goimportsTool)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the GoNB kernel in %s: %w\n%s", root, err, indent(string(out)))
	}
	if err := buildGo(ctx, filepath.Join(tmp, "go"), filepath.Join(env["GOROOT"], "bin", "go")); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(tmp, "gopls"), []byte(goplsScript), 0o755); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(headless(bin), 0o755); err != nil {
		return nil, err
	}
	if err := os.Rename(filepath.Join(tmp, "gopls"), filepath.Join(headless(bin), "gopls")); err != nil {
		return nil, err
	}
	// Renamed, not overwritten: another kernel may be running the old ones.
	for _, name := range []string{"gonb", "goimports", "go"} {
		if err := os.Rename(filepath.Join(tmp, name), filepath.Join(bin, name)); err != nil {
			return nil, err
		}
	}
	return want, renameio.WriteFile(file, want, 0o644)
}

// toolsStamp tells apart what the tools are built from: the versions that the
// module pins, the version of Go and where it is.
func toolsStamp(root string, env map[string]string) ([]byte, error) {
	h := sha256.New()
	h.Write([]byte(goplsScript))
	if err := hashSource(h, goSource); err != nil {
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
