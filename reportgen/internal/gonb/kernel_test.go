package gonb_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/gonb"
	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

func TestGoNB(t *testing.T) {
	temp := kerneltest.PrivateTemp(t)
	k := kerneltest.Start(t, "gonb", kernel.Options{MaxOutput: 1 << 20})
	if k.Info().LanguageInfo["name"] != "go" {
		t.Errorf("info %+v", k.Info())
	}
	t.Run("declarations last", func(t *testing.T) {
		r, err := kerneltest.Execute(t, k, "var n = 5\nfunc twice(i int) int { return 2 * i }")
		if err != nil || *r.ExecutionCount != 1 || len(r.Outputs) != 0 {
			t.Fatal(r, err)
		}
		r, err = kerneltest.Execute(t, k, "%%\nfmt.Print(twice(n))")
		if err != nil || kerneltest.Stream(r, "stdout") != "10" || *r.ExecutionCount != 2 {
			t.Fatal(kerneltest.Stream(r, "stdout"), err)
		}
	})
	t.Run("this module's packages and its pinned dependencies", func(t *testing.T) {
		r, err := kerneltest.Execute(t, k, "import (\n\"github.com/flowbook/flowbook/pkg/flow\"\n\"github.com/google/go-cmp/cmp\"\n)\n%%\nfmt.Print(flow.Record{} == flow.Record{}, cmp.Equal(1, 1))")
		if err != nil || kerneltest.Stream(r, "stdout") != "true true" {
			t.Fatal(kerneltest.Stream(r, "stdout"), err)
		}
	})
	t.Run("display with metadata", func(t *testing.T) { testDisplay(t, k) })
	t.Run("compile error", func(t *testing.T) {
		_, err := kerneltest.Execute(t, k, "// a comment\n%%\nfmt.Println(\n\tnoSuchName)")
		var ce *kernel.CellError
		if !errors.As(err, &ce) || ce.Line != 4 || !strings.Contains(ce.Error(), "undefined: noSuchName") {
			t.Errorf("error %v, line %d", err, ce.Line)
		}
	})
	t.Run("panic", func(t *testing.T) { testPanic(t, k) })
	t.Run("exit status", func(t *testing.T) {
		r, err := kerneltest.Execute(t, k, "%%\nfmt.Fprintln(os.Stderr, \"no such day\")\nos.Exit(3)")
		var ce *kernel.CellError
		if !errors.As(err, &ce) || !strings.Contains(kerneltest.Stream(r, "stderr"), "no such day") {
			t.Errorf("error %v, stderr %q", err, kerneltest.Stream(r, "stderr"))
		}
	})
	t.Run("big output", func(t *testing.T) {
		r, err := kerneltest.Execute(t, k, "%%\nfor i := range 100000 { fmt.Printf(\"%05d\\n\", i) }")
		want := 600_000
		if err != nil || len(kerneltest.Stream(r, "stdout")) != want || len(r.Outputs) != 1 {
			t.Errorf("%d bytes in %d outputs, want %d in 1: %v", len(kerneltest.Stream(r, "stdout")), len(r.Outputs), want, err)
		}
	})
	t.Run("too big output is cut and says so", func(t *testing.T) {
		r, err := kerneltest.Execute(t, k, "%%\nfor range 3000 { fmt.Print(strings.Repeat(\"x\", 1023)+\"\\n\") }")
		if n := len(kerneltest.Stream(r, "stdout")); err != nil || n > 1<<20 || n < 1<<19 {
			t.Errorf("%d bytes, %v", n, err)
		}
		if note := kerneltest.Stream(r, "stderr"); !strings.Contains(note, "left out") {
			t.Errorf("no note: %q", note)
		}
	})
	t.Run("input is refused", func(t *testing.T) {
		if _, err := kerneltest.Execute(t, k, "%with_inputs\n!read x"); !errors.Is(err, kernel.ErrInput) {
			t.Errorf("error %v, want ErrInput", err)
		}
		if r, err := kerneltest.Execute(t, k, "%%\nfmt.Print(n)"); err != nil || kerneltest.Stream(r, "stdout") != "5" {
			t.Errorf("the kernel is not usable after: %v", err)
		}
	})
	t.Run("interrupt", func(t *testing.T) { testInterrupt(t, k, temp) })
}

func testDisplay(t *testing.T, k *kernel.Kernel) {
	r, err := kerneltest.Execute(t, k, `import (
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)
%%
fmt.Println("first")
for i := range 3 {
	gonbui.SendData(&protocol.DisplayData{
		Data:     map[protocol.MIMEType]any{"image/svg+xml": fmt.Sprintf("<svg id='%d'/>\n", i), "application/json": "{\"n\": [1, 2.50]}"},
		Metadata: map[string]any{"reportgen": map[string]string{"label": "fig-x"}},
	})
	gonbui.Sync()
	fmt.Println("after", i)
}`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range r.Outputs {
		got = append(got, fmt.Sprint(o.Type, " ", o.Text, o.Data["image/svg+xml"], o.Data["application/json"], o.Metadata))
	}
	meta := "map[n:[1 2.50]] map[reportgen:map[label:fig-x]]"
	want := []string{
		"stream first\nafter 0\nafter 1\nafter 2\n<nil> <nil> map[]",
		"display_data <svg id='0'/>\n" + meta, "display_data <svg id='1'/>\n" + meta, "display_data <svg id='2'/>\n" + meta,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A stack trace names the lines of the cell, and nothing that differs from run
// to run or from machine to machine.
func testPanic(t *testing.T, k *kernel.Kernel) {
	code := "func fill(m map[string]int) {\n\tm[\"a\"] = len(m)\n}\n\n%%\nvar m map[string]int\nfill(m)"
	first, err := kerneltest.Execute(t, k, code)
	var ce *kernel.CellError
	if !errors.As(err, &ce) || ce.Line != 2 {
		t.Fatalf("error %v, line %d\n%s", err, ce.Line, kerneltest.Stream(first, "stderr"))
	}
	second, _ := kerneltest.Execute(t, k, code)
	count := regexp.MustCompile(`Cell \[[0-9]+\]`)
	a, b := count.ReplaceAllString(kerneltest.Stream(first, "stderr"), "Cell"), count.ReplaceAllString(kerneltest.Stream(second, "stderr"), "Cell")
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	if want := "[[ Cell Line 2 ]] main.go"; !strings.Contains(a, want) || !strings.Contains(a, "[[ Cell Line 7 ]] main.go") {
		t.Errorf("no line of the cell in\n%s", a)
	}
	if bad := regexp.MustCompile(`/\S+|0x[0-9a-f]+|gonb_`).FindString(a); bad != "" {
		t.Errorf("the trace holds %q:\n%s", bad, a)
	}
}

func testInterrupt(t *testing.T, k *kernel.Kernel, temp string) {
	stop := errors.New("stopped by the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		kerneltest.WaitFor(t, func() bool { return len(kerneltest.ProcessesNamed(t, temp, "gonb_")) > 0 })
		cancel(stop)
	}()
	r, err := k.Execute(ctx, "%%\nfmt.Println(\"began\")\ntime.Sleep(time.Hour)")
	if !errors.Is(err, stop) || kerneltest.Stream(r, "stdout") != "began\n" {
		t.Errorf("error %v, stdout %q", err, kerneltest.Stream(r, "stdout"))
	}
	if r, err := kerneltest.Execute(t, k, "%%\nfmt.Print(n)"); err != nil || kerneltest.Stream(r, "stdout") != "5" {
		t.Errorf("the kernel is not usable after an interrupt: %v", err)
	}
}

// The spec that JupyterLab gets starts a kernel that runs cells of this module,
// from a folder outside of it, and shows errors as HTML.
func TestInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	kerneltest.PrivateTemp(t)
	prefix := t.TempDir()
	file, err := gonb.Install(t.Context(), ".", prefix, nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("JUPYTER_PATH", filepath.Join(prefix, "share", "jupyter"))
	spec := kerneltest.Find(t, "gonb", prefix) // outside of a module
	if filepath.Join(spec.Dir, "kernel.json") != file {
		t.Fatal(spec, file)
	}
	if !filepath.IsAbs(spec.Argv[0]) || strings.Contains(spec.Env["GOFLAGS"], "$") {
		t.Errorf("argv %q, env %q", spec.Argv, spec.Env)
	}
	k, err := kernel.Start(t.Context(), kernel.Options{Spec: spec, Dir: prefix})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	}()
	r, err := kerneltest.Execute(t, k, "import \"github.com/flowbook/flowbook/pkg/flow\"\n%%\nfmt.Print(flow.Record{} == flow.Record{})")
	if err != nil || kerneltest.Stream(r, "stdout") != "true" {
		t.Errorf("%q, %v", kerneltest.Stream(r, "stdout"), err)
	}
	r, err = kerneltest.Execute(t, k, "%%\nnoSuchName()")
	var ce *kernel.CellError
	if !errors.As(err, &ce) || len(r.Outputs) == 0 || r.Outputs[0].Data["text/html"] == nil {
		t.Errorf("%v, outputs %+v", err, r.Outputs)
	}
	if _, err := gonb.Install(t.Context(), os.TempDir(), prefix, nil, io.Discard); err == nil || !strings.Contains(err.Error(), "run this inside the module") {
		t.Errorf("outside a module: %v", err)
	}
}
