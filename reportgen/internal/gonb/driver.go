package gonb

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/parameter"
)

// name is the name under which notebooks ask for the kernel.
const name = "gonb"

// outputVersion is the version of what this package makes of GoNB's outputs, see
// [trace.go] and package prebuild. Increase it with every change that gives a cell
// other outputs.
const outputVersion = 1

// Driver is the driver of GoNB.
type Driver struct{ kernel.Generic }

// Names are those of GoNB's kernel spec.
func (Driver) Names() []string { return []string{name} }

// Languages are those of GoNB's notebooks.
func (Driver) Languages() []string { return []string{"go"} }

// Drives reports whether spec is GoNB's, which may be installed for JupyterLab.
func (Driver) Drives(spec *kernel.Spec) bool { return strings.EqualFold(spec.Name, name) }

// Missing says how to get GoNB.
func (Driver) Missing() string {
	return fmt.Sprintf("keep the notebook in a Go module that pins it (go get -tool %s %s), or install GoNB", gonbTool, goimportsTool)
}

// Find returns the kernel of the Go module around dir if its go.mod pins GoNB as a
// tool, so that a report does not depend on what else is installed.
func (Driver) Find(ctx context.Context, dir string, progress io.Writer) (*kernel.Spec, error) {
	root, err := moduleOf(dir)
	if err != nil || root == "" {
		return nil, err
	}
	spec, err := build(ctx, root, progress)
	if err != nil {
		return nil, err
	}
	spec.Argv = append(spec.Argv, "-raw_error") // errors as text; JupyterLab gets HTML
	spec.Env["PATH"] = headless(filepath.Dir(spec.Argv[0])) + string(os.PathListSeparator) + spec.Env["PATH"]
	return spec, nil
}

// Identity writes the versions of a kernel that was built here, and the program of
// an installed one.
func (d Driver) Identity(w io.Writer, spec *kernel.Spec) error {
	fmt.Fprintln(w, name, outputVersion)
	if spec.Build != "" {
		return nil // it is part of every identity
	}
	return d.Generic.Identity(w, spec)
}

// Environment names the variables that change how cells are built and run.
func (Driver) Environment() []string {
	return []string{"GOFLAGS", "GODEBUG", "GOEXPERIMENT", "GOOS", "GOARCH", "GOWORK"}
}

// Parameters reads parameters as declarations at the top of a cell.
func (Driver) Parameters() parameter.Language { return language{} }
