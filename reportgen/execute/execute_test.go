package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

func needKernel(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
}

func read(t *testing.T, name string) Input {
	t.Helper()
	nb, err := nbformat.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return Input{Name: name, Dir: "testdata", Notebook: nb}
}

func golden(t *testing.T, name string, nb *nbformat.Notebook) {
	t.Helper()
	nb = nb.Clone()
	delete(nb.Metadata, "language_info") // which has the version of Go
	got, err := nbformat.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	testenv.Golden(t, filepath.Join("testdata", name), string(got))
}

// The notebooks in testdata run side by side on real kernels: one that works,
// with parameters, skipped cells and an expected failure, and one that fails
// half-way. The goldens hold every output, so two runs give the same bytes.
func TestRunOnGoNB(t *testing.T) {
	needKernel(t)
	var last []Event
	results, err := Run(t.Context(), []Input{read(t, "works.ipynb"), read(t, "fails.ipynb")}, Options{
		Jobs:        2,
		CellTimeout: 2 * time.Minute,
		Env:         []string{"EXECUTE_TEST=set"},
		Hide:        []string{"/abs/day.parquet", "day.parquet"},
		Parameters: []Parameter{
			{Name: "day", Value: Text("/abs/day.parquet"), Shown: "day.parquet"},
			{Name: "limit", Value: Text("2.5")},
		},
		Progress: func(e Event) {
			if e.Finished {
				last = append(last, e)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Err != nil {
		t.Errorf("works.ipynb: %v", results[0].Err)
	}
	golden(t, "works.golden.ipynb", results[0].Notebook)
	golden(t, "fails.golden.ipynb", results[1].Notebook)

	var failed *Error
	if !errors.As(results[1].Err, &failed) {
		t.Fatalf("fails.ipynb: %v", results[1].Err)
	}
	want := "fails.ipynb: cell 4 (fig-broken), line 3: undefined: noSuchFunction\n     3 | fmt.Println(noSuchFunction(n))"
	if diff := cmp.Diff(want, failed.Error()); diff != "" {
		t.Error(diff)
	}
	if len(last) != 2 {
		t.Fatalf("%d notebooks finished", len(last))
	}
	for _, e := range last {
		if failed := e.Name == "fails.ipynb"; failed != (e.Err != nil) || !failed && e.Done != e.Cells || failed && (e.Done != 1 || e.Cells != 3) {
			t.Errorf("last event of %s: %d of %d cells, error %v", e.Name, e.Done, e.Cells, e.Err)
		}
	}
}

// What stops a cell from outside is shown in the notebook with the outputs until
// then, and typed in the error.
func TestStoppedFromOutside(t *testing.T) {
	needKernel(t)
	parent := "%%\nfmt.Println(\"kept\")\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)\ntime.Sleep(time.Hour)"
	hang := "import \"os/signal\"\n%%\nfmt.Println(\"kept\")\nsignal.Ignore(os.Interrupt)\ntime.Sleep(time.Hour)"
	inputs := []Input{
		{Name: "killed", Notebook: notebookOf("gonb", "go", code("a", "%%\ntime.Sleep(0)"), code("b", parent), code("never", "%%\npanic(1)"))},
		{Name: "no kernel", Notebook: notebookOf("no-such-kernel", "x", code("b", "1"))},
		{Name: "no name", Notebook: notebookOf("", "julia", code("b", "1"))},
	}
	results, err := Run(t.Context(), inputs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	hung, err := Run(t.Context(), []Input{{Name: "hangs", Notebook: notebookOf("gonb", "go", code("b", hang))}}, Options{CellTimeout: 6 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var died *kernel.DiedError
	if err := results[0].Err; !errors.As(err, &died) || !strings.HasPrefix(err.Error(), "killed: cell 2 (b): the kernel died (signal: killed)") {
		t.Errorf("killed: %v", err)
	}
	var late *TimeoutError
	if err := hung[0].Err; !errors.As(err, &late) || err.Error() != "hangs: cell 1 (b): the cell took longer than 6s" {
		t.Errorf("hangs: %v", err)
	}
	for i, want := range []string{"KernelDied: the kernel died (signal: killed)", "Timeout: the cell took longer than 6s"} {
		outs := [][]*nbformat.Output{results[0].Notebook.Cells[1].Outputs, hung[0].Notebook.Cells[0].Outputs}[i]
		if len(outs) == 0 || outs[len(outs)-1].EName+": "+outs[len(outs)-1].EValue != want {
			t.Errorf("outputs %+v, want %s last", outs, want)
		}
		if i == 1 && outs[0].Text != "kept\n" {
			t.Errorf("the output before the time-out is lost: %+v", outs[0])
		}
	}
	if never := results[0].Notebook.Cells[2]; len(never.Outputs) != 0 || never.ExecutionCount != nil {
		t.Errorf("a cell after the failure has outputs: %+v", never)
	}
	var missing *kernel.NotFoundError
	if err := results[1].Err; !errors.As(err, &missing) {
		t.Errorf("no kernel: %v", err)
	}
	if err := results[2].Err; err == nil || !strings.Contains(err.Error(), "no kernel is named") {
		t.Errorf("no name: %v", err)
	}
}

// Kernels may end while the caller goes on, who can wait until they are gone.
func TestEnding(t *testing.T) {
	needKernel(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var ending errgroup.Group
	nb := notebookOf("gonb", "go", code("a", "%%\nfmt.Println(1)"))
	results, err := Run(t.Context(), []Input{{Name: "a", Notebook: nb}, {Name: "b", Notebook: nb}}, Options{Ending: &ending})
	if err := errors.Join(err, ending.Wait()); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil || len(r.Notebook.Cells[0].Outputs) != 1 || r.Kernel == "" {
			t.Errorf("%s: %v, %+v", r.Name, r.Err, r.Notebook.Cells[0].Outputs)
		}
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	programs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range programs {
		env, err := os.ReadFile(file)
		if err == nil && filepath.Base(filepath.Dir(file)) != fmt.Sprint(os.Getpid()) && bytes.Contains(env, []byte("TMPDIR="+temp)) {
			t.Errorf("left running: %s", filepath.Dir(file))
		}
	}
}

func TestRunIsCancelled(t *testing.T) {
	needKernel(t)
	ctx, cancel := context.WithCancel(t.Context())
	inputs := []Input{{Name: "a", Notebook: notebookOf("gonb", "go", code("first", "%%\nfmt.Println(1)"), code("long", "%%\ntime.Sleep(time.Hour)"))}}
	results, err := Run(ctx, inputs, Options{Progress: func(e Event) {
		if e.Done == 1 {
			cancel()
		}
	}})
	if err != nil || !errors.Is(results[0].Err, context.Canceled) {
		t.Fatalf("%v, %v", err, results[0].Err)
	}
	if outs := results[0].Notebook.Cells[0].Outputs; len(outs) != 1 || outs[0].Text != "1\n" {
		t.Errorf("the first cell's output is lost: %+v", outs)
	}
}

func TestWholeRunTimeout(t *testing.T) {
	needKernel(t)
	inputs := []Input{{Name: "a", Notebook: notebookOf("gonb", "go", code("long", "%%\ntime.Sleep(time.Hour)"))}}
	results, err := Run(t.Context(), inputs, Options{Timeout: 1500 * time.Millisecond})
	var late *TimeoutError
	if err != nil || !errors.As(results[0].Err, &late) || late.What != "the whole run" {
		t.Fatalf("%v, %v", err, results[0].Err)
	}
}

func TestRunOnPython(t *testing.T) {
	needKernel(t)
	testenv.Python(t, "ipykernel")
	in := Input{Name: "p", Notebook: notebookOf("python3", "python",
		code("p", "n = 1", "parameters"), code("use", "print(n * 2)"), code("bad", "x = 1\nprint(n / 0)"))}
	var first []byte
	for range 2 {
		results, err := Run(t.Context(), []Input{in}, Options{Parameters: []Parameter{{Name: "n", Value: Text("21")}}})
		if err != nil {
			t.Fatal(err)
		}
		want := "p: cell 3 (bad), line 2: ZeroDivisionError: division by zero\n     2 | print(n / 0)"
		if err := results[0].Err; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if out := results[0].Notebook.Cells[2].Outputs[0].Text; out != "42\n" {
			t.Errorf("output %q", out)
		}
		got, err := nbformat.Marshal(results[0].Notebook)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, got) {
			t.Errorf("two runs differ:\n%s", cmp.Diff(string(first), string(got)))
		}
		first = got
	}
}

// An error is a failure if the kernel's reply says so, and sys.exit() ends the notebook without one.
func TestErrorsThatAreNoFailures(t *testing.T) {
	needKernel(t)
	testenv.Python(t, "ipykernel")
	cells := []string{
		"try: 1 / 0\nexcept ZeroDivisionError: get_ipython().showtraceback()",
		"print('goes on')",
		"get_ipython().showtraceback((ValueError, ValueError('shown'), None))\nraise KeyError('raised')",
	}
	nb := notebookOf("python3", "python")
	for i, source := range cells {
		nb.Cells = append(nb.Cells, untagged(fmt.Sprint("c", i+1), source))
	}
	quit := notebookOf("python3", "python", untagged("a", "print('first')"), untagged("b", "import sys; sys.exit()"), untagged("c", "print('never')"))
	results, err := Run(t.Context(), []Input{{Name: "shown", Notebook: nb}, {Name: "quit", Notebook: quit}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := results[0].Err; err == nil || !strings.Contains(err.Error(), "cell 3 (c3), line 2: KeyError: 'raised'") {
		t.Errorf("error %v", err)
	}
	ran := results[0].Notebook.Cells
	for i, want := range []string{"division by zero", "goes on"} {
		var shown string
		for _, o := range ran[i].Outputs {
			if shown += o.Text; o.Type == nbformat.Error {
				t.Errorf("cell %d has the error %s", i+1, o.EName)
			}
		}
		if !strings.Contains(shown, want) {
			t.Errorf("cell %d shows %q", i+1, shown)
		}
	}
	if results[1].Err != nil {
		t.Error(results[1].Err)
	}
	if want := []string{"quit: cell 2 ends the notebook (SystemExit): 1 of the 3 cells did not run"}; !cmp.Equal(results[1].Warnings, want) {
		t.Errorf("warnings %q", results[1].Warnings)
	}
	if last := results[1].Notebook.Cells[2]; last.ExecutionCount != nil || len(last.Outputs) != 0 {
		t.Error("a cell after sys.exit() ran")
	}
}

func TestWhatRuns(t *testing.T) {
	tests := []struct {
		source string
		tags   []any
		want   bool
	}{
		{"fmt.Println(1)", nil, true},
		{" \n", nil, false},
		{"1", []any{"skip-execution"}, false},
		{"//| label: fig-x\n//| eval: false\nf()", nil, false},
		{"#| eval: False\nf()", nil, false},
		{"//| eval: true\nf()", nil, true},
		{"f()\n//| eval: false", nil, true},
	}
	for _, tt := range tests {
		if got := runs(code("x", tt.source, tt.tags...)); got != tt.want {
			t.Errorf("%q %v: %v", tt.source, tt.tags, got)
		}
	}
}
