package typst

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/program"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// Variable is the environment variable that names Typst's program.
const Variable = "FLOWBOOK_TYPST"

// ErrNotFound says that there is no Typst.
var ErrNotFound = errors.New("no Typst found; install it from https://typst.app, or set " + Variable)

// Find returns the program that $FLOWBOOK_TYPST names, else typst on PATH, else
// ErrNotFound.
func Find() (string, error) {
	found, err := program.Find(Variable, "typst")
	if errors.Is(err, program.ErrNotFound) {
		err = ErrNotFound
	}
	return found, err
}

// Options are the options of Compile.
type Options struct {
	Program  string    // of Typst
	Time     time.Time // creation date of the file; the zero value is 1970
	Keywords string    // kept in the file
	// Warn reports what the file lacks. It may be nil.
	Warn func(message string)
}

// standards are the sets of standards that Compile tries in turn. A document that has no
// alternative text for a picture cannot conform to PDF/UA, and one with characters that
// no font has, to neither.
var standards = []string{"a-2b,ua-1", "a-2b", "1.7"}

// Compile writes the document to w as a PDF.
func Compile(ctx context.Context, w io.Writer, d *document.Document, o Options) (err error) {
	work, err := workdir.Make(os.TempDir(), "reportgen-typst-")
	if err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	defer func() { err = errors.Join(err, work.Remove()) }()
	if err := write(work.Path, d, o.Keywords); err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	source := filepath.Join(work.Path, FileName)
	out := filepath.Join(work.Path, "report.pdf")
	if err := compileAtBest(ctx, o, source, out); err != nil {
		return fmt.Errorf("PDF: %s: %w", filepath.Base(o.Program), err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// compileAtBest compiles with Typst's own fonts to the strictest of the standards. If
// they lack a character, fonts of the machine are used too.
func compileAtBest(ctx context.Context, o Options, source, out string) error {
	machine := false
	for i := 0; ; {
		err := compile(ctx, o, standards[i], machine, source, out)
		if err == nil || ctx.Err() != nil {
			return err
		}
		reason, _, _ := strings.Cut(err.Error(), "\n")
		var warning string
		switch {
		case strings.Contains(reason, "could not be displayed") && !machine:
			machine = true
			warning = "fonts of this machine are used, so that another machine may give another file: "
		case i == len(standards)-1:
			return err
		default:
			warning = "the file does not conform to " + strings.ToUpper(standards[i]) + ": "
			i++
		}
		if o.Warn != nil {
			o.Warn("PDF: " + warning + reason)
		}
	}
}

// compile runs Typst, which reads only files of the folder of source.
func compile(ctx context.Context, o Options, standard string, machine bool, source, out string) error {
	stamp := max(o.Time.Unix(), 0)
	args := []string{"compile", "--root", filepath.Dir(source), "--creation-timestamp", strconv.FormatInt(stamp, 10), "--pdf-standard", standard}
	if !machine {
		args = append(args, "--ignore-system-fonts")
	}
	cmd := exec.CommandContext(ctx, o.Program, append(args, source, out)...)
	cmd.Dir = filepath.Dir(source)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		text := strings.TrimSpace(strings.ReplaceAll(messages.String(), filepath.Dir(source)+string(filepath.Separator), ""))
		return errors.New(strings.TrimPrefix(text, "error: "))
	}
	return nil
}

// Version returns the name and version of the program, such as Typst/0.15.2.
func Version(ctx context.Context, program string) (string, error) {
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	words := strings.Fields(string(out))
	if err != nil || len(words) < 2 {
		return "", fmt.Errorf("%s --version: %w", filepath.Base(program), errors.Join(err, errors.New("it prints no version")))
	}
	return "Typst/" + words[1], nil
}
