package gonb

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"

	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

const goplsTool = "golang.org/x/tools/gopls"

// goplsPatch changes how GoNB uses gopls, so that completion answers in a module of any
// size. It has the form of a commit, to be sent to GoNB's authors, and is applied while
// the kernel is built.
//
//go:embed gopls.patch
var goplsPatch []byte

// gopls is pinned by a go.mod of its own: it is built with the versions of golang.org/x/tools
// and staticcheck that it was released with, and newer ones do not compile.
var (
	//go:embed gopls/gopls.mod
	goplsMod []byte
	//go:embed gopls/gopls.sum
	goplsSum []byte
)

// patchGoNB copies the GoNB that the module in root pins to tmp, applies goplsPatch, and
// returns the flags with which the go command builds the copy.
func patchGoNB(ctx context.Context, root, tmp string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", gonbTool)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("find the source of GoNB: %w", err)
	}
	source := filepath.Join(tmp, "gonb-source")
	if err := copyWritable(source, strings.TrimSpace(string(out))); err != nil {
		return nil, err
	}
	if err := applyPatch(goplsPatch, source); err != nil {
		return nil, fmt.Errorf("this version of GoNB is not the one that Flowbook corrects: %w", err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		src, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(tmp, name), src, 0o600); err != nil {
			return nil, err
		}
	}
	file := filepath.Join(tmp, "go.mod")
	cmd = exec.CommandContext(ctx, "go", "mod", "edit", "-replace="+gonbTool+"="+source, file)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("replace GoNB: %w\n%s", err, indent(out))
	}
	return []string{"-modfile=" + file}, nil
}

// copyWritable copies a folder, whose files may be read-only, as those of the module cache
// are.
func copyWritable(to, from string) error {
	return filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), src, 0o600)
	})
}

// applyPatch applies a patch to the files below dir.
func applyPatch(patch []byte, dir string) error {
	changes, _, err := gitdiff.Parse(bytes.NewReader(patch))
	if err != nil {
		return err
	}
	for _, change := range changes {
		name := filepath.Join(dir, filepath.FromSlash(change.NewName))
		var src []byte
		if !change.IsNew {
			if src, err = os.ReadFile(name); err != nil {
				return err
			}
		}
		var b bytes.Buffer
		if err := gitdiff.Apply(&b, bytes.NewReader(src), change); err != nil {
			return fmt.Errorf("%s: %w", change.NewName, err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// buildGopls builds gopls into the folder bin, unless it is up to date.
func buildGopls(ctx context.Context, bin string, progress io.Writer) (err error) {
	want := fmt.Appendf(nil, "%s %x\n", runtime.Version(), sha256.Sum256(append(goplsMod[:len(goplsMod):len(goplsMod)], goplsSum...)))
	stamp := filepath.Join(bin, ".gopls-built-from")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, want) {
		return nil
	}
	fmt.Fprintln(progress, "building gopls, which completes code, into .tools/bin (once)")
	work, err := workdir.Make(filepath.Dir(bin), "build-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, work.Remove()) }()
	for name, src := range map[string][]byte{"go.mod": goplsMod, "go.sum": goplsSum} {
		if err := os.WriteFile(filepath.Join(work.Path, name), src, 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", "gopls", goplsTool)
	cmd.Dir = work.Path
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build gopls: %w\n%s", err, indent(out))
	}
	if err := os.Rename(filepath.Join(work.Path, "gopls"), filepath.Join(bin, "gopls")); err != nil {
		return err
	}
	return wholefile.WriteBytes(stamp, want, 0o644)
}
