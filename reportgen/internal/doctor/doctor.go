// Package doctor looks for the programs that Flowbook uses on a machine, and says how to
// get those that are missing.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/version"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/gonb"
)

// Check is what was found of one program.
type Check struct {
	Name     string `json:"name"`
	Required bool   `json:"required"` // without it, reports with Go cells cannot be made
	Found    bool   `json:"found"`
	Detail   string `json:"detail"` // its version or place, or what is wrong
	For      string `json:"for"`    // what needs it
	Fix      string `json:"fix,omitempty"`
}

// Versions that Flowbook needs.
const (
	minGo     = "go1.26"
	minPython = "3.11"
)

// Look looks for everything that a project in dir needs. It uses the network only if
// network is set, to ask the module proxy.
func Look(ctx context.Context, dir string, network bool) []Check {
	state, err := gonb.Look(dir)
	tool := func(name, use string, built, required bool, fix string) Check {
		c := Check{Name: name, Required: required, For: use, Found: built, Detail: "in " + filepath.Join(state.Module, ".tools", "bin")}
		if !built {
			c.Detail, c.Fix = "not built", fix
		}
		return c
	}
	kernel := Check{Name: "kernel", Required: true, For: "notebooks with Go cells", Found: err == nil && state.Module != ""}
	switch {
	case err != nil:
		kernel.Detail, kernel.Fix = err.Error(), "correct go.mod"
	case state.Module == "":
		kernel.Detail, kernel.Fix = "no Go module around this folder pins GoNB", "start a project with reportgen init DIR, and run reportgen doctor in it"
	case state.Kernel:
		kernel.Detail = "GoNB, in " + filepath.Join(state.Module, ".tools", "bin")
	default:
		kernel.Detail = "GoNB, built by the first reportgen run"
	}
	checks := []Check{goCommand(ctx), kernel}
	if state.Module != "" {
		install := "run reportgen kernel install in " + state.Module
		imports := tool("goimports", "notebooks with Go cells", state.Kernel, true, "")
		if !state.Kernel {
			imports.Found, imports.Detail = true, "built by the first reportgen run"
		}
		checks = append(checks, imports, tool("gopls", "completion in JupyterLab", state.Gopls, false, install))
	}
	checks = append(checks, chromium(), python(ctx), jupyter(state.Module))
	if network {
		checks = append(checks, proxy(ctx))
	}
	return checks
}

// Missing lists the names of required programs that were not found.
func Missing(checks []Check) []string {
	var names []string
	for _, c := range checks {
		if c.Required && !c.Found {
			names = append(names, c.Name)
		}
	}
	return names
}

// output returns the first line that a program prints.
func output(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line, err
}

func goCommand(ctx context.Context) Check {
	c := Check{Name: "go", Required: true, For: "notebooks with Go cells"}
	c.Fix = "install Go " + strings.TrimPrefix(minGo, "go") + " or newer from https://go.dev/dl/"
	v, err := output(ctx, "go", "env", "GOVERSION")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		c.Detail = "not on PATH"
	case err != nil:
		c.Detail = err.Error()
	case !version.IsValid(v):
		c.Found, c.Detail, c.Fix = true, v+" (not a release)", ""
	case version.Compare(v, minGo) < 0:
		c.Detail = v + " is older than " + minGo
	default:
		c.Found, c.Detail, c.Fix = true, v, ""
	}
	return c
}

func chromium() Check {
	c := Check{Name: "chromium", For: "PDF, and interactive charts of other libraries"}
	path, err := browser.Find()
	if err != nil {
		c.Detail, c.Fix = "not found", "apt-get install chromium on Debian, brew install --cask chromium on macOS, or set "+browser.Variable
		if os.Getenv(browser.Variable) != "" {
			c.Detail = err.Error()
		}
		return c
	}
	c.Found, c.Detail = true, path
	return c
}

var pythonVersion = regexp.MustCompile(`^Python (3)\.(\d+)`)

func python(ctx context.Context) Check {
	c := Check{Name: "python", For: "JupyterLab, and notebooks with Python cells", Fix: "install Python " + minPython + " or newer (on Debian: apt-get install python3 python3-venv)"}
	v, err := output(ctx, "python3", "--version")
	m := pythonVersion.FindStringSubmatch(v)
	switch {
	case errors.Is(err, exec.ErrNotFound):
		c.Detail = "no python3 on PATH"
	case err != nil:
		c.Detail = err.Error()
	case m == nil || version.Compare("go"+m[1]+"."+m[2], "go"+minPython) < 0:
		c.Detail = v + " is older than " + minPython
	default:
		c.Found, c.Detail, c.Fix = true, v, ""
	}
	return c
}

// jupyter looks for JupyterLab in the module's virtual environment and on PATH.
func jupyter(module string) Check {
	c := Check{Name: "jupyterlab", For: "exploring in notebooks", Fix: "python3 -m venv .venv && .venv/bin/pip install jupyterlab && reportgen kernel install --prefix .venv"}
	for _, name := range []string{filepath.Join(module, ".venv", "bin", "jupyter-lab"), "jupyter-lab"} {
		if path, err := exec.LookPath(name); err == nil {
			c.Found, c.Detail, c.Fix = true, path, ""
			return c
		}
	}
	c.Detail = "not in .venv and not on PATH"
	return c
}

// proxy asks the first module proxy for a version of a module.
func proxy(ctx context.Context) Check {
	c := Check{Name: "module proxy", For: "downloading the modules of a new project"}
	c.Fix = "set GOPROXY to a proxy that this machine reaches: go env -w GOPROXY=URL"
	setting, err := output(ctx, "go", "env", "GOPROXY")
	if err != nil {
		c.Detail = "the go command, which names the proxy, failed"
		return c
	}
	first := strings.FieldsFunc(setting, func(r rune) bool { return r == ',' || r == '|' })
	if len(first) == 0 || !strings.HasPrefix(first[0], "http") {
		c.Found, c.Detail, c.Fix = true, "GOPROXY="+cmp.Or(setting, "off")+" names none", ""
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(first[0], "/")+"/golang.org/x/mod/@v/v0.20.0.info", http.NoBody)
	if err == nil {
		var answer *http.Response
		if answer, err = http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				err = fmt.Errorf("status %s", answer.Status)
			}
		}
	}
	if err != nil {
		c.Detail = "not reachable: " + err.Error()
		return c
	}
	c.Found, c.Detail, c.Fix = true, "reachable", ""
	return c
}
