package gonb_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/flowbook/flowbook/reportgen/internal/kernel"
	"github.com/flowbook/flowbook/reportgen/internal/kerneltest"
)

// TestPrebuild runs the notebooks in testdata/notebooks once as GoNB runs them and once
// with programs of several cells, and compares all outputs. The name of each cell
// there says how its program is built: shared with other cells, alone, none because
// it does nothing, or failed. The comment says how many programs are shared.
func TestPrebuild(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "notebooks", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no notebooks", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			comparePrograms(t, archive)
		})
	}
}

func comparePrograms(t *testing.T, archive *txtar.Archive) {
	var cells []string
	for _, f := range archive.Files {
		cells = append(cells, strings.TrimSuffix(string(f.Data), "\n"))
	}
	temp := kerneltest.PrivateTemp(t)
	prebuilt := kerneltest.Start(t, "gonb", kernel.Options{Cells: cells})
	folders, err := filepath.Glob(filepath.Join(temp, "reportgen-*"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	plain := startPlain(t)
	expected := make(chan string, len(cells))
	go func() { // at the same time, because both wait for compilers
		for _, cell := range cells {
			r, err := kerneltest.Execute(t, plain, cell)
			expected <- resultText(r, err)
		}
	}()
	for i, cell := range cells {
		r, err := kerneltest.Execute(t, prebuilt, cell)
		if got := howBuilt(t, folders[0]); got != archive.Files[i].Name {
			t.Errorf("cell %d: %s, want %s:\n%s", i, got, archive.Files[i].Name, cell)
		}
		if diff := cmp.Diff(<-expected, resultText(r, err)); diff != "" {
			t.Errorf("cell %d (-plain +prebuilt):\n%s\n%s", i, cell, diff)
		}
	}
	var built struct{ Groups []struct{} }
	src, err := os.ReadFile(filepath.Join(folders[0], "cells", "built.json"))
	if err == nil {
		err = json.Unmarshal(src, &built)
	}
	if got := fmt.Sprintf("programs %d\n", len(built.Groups)); err != nil || got != string(archive.Comment) {
		t.Errorf("shared %s, want %s (%v)", got, archive.Comment, err)
	}
}

// startPlain starts a kernel whose go command builds each cell as GoNB says.
func startPlain(t *testing.T) *kernel.Kernel {
	spec := kerneltest.Find(t, "gonb", ".")
	realGo, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := "#!/bin/sh\n[ \"$1\" = get ] && exit 0\nexec '" + realGo + "' \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	spec.Env["PATH"] = dir + string(os.PathListSeparator) + spec.Env["PATH"]
	return kerneltest.Start(t, "gonb", kernel.Options{Spec: spec})
}

func resultText(r *kernel.Result, err error) string {
	text, jsonErr := json.MarshalIndent(r, "", " ")
	if jsonErr != nil {
		return jsonErr.Error()
	}
	if err != nil {
		text = append(text, "\n"+err.Error()...)
	}
	// The number depends on the thread that happened to start the goroutine.
	text = regexp.MustCompile(`goroutine [0-9]+ \[`).ReplaceAll(text, []byte("goroutine ["))
	return strings.ReplaceAll(string(text), `\n`, "\n")
}

// howBuilt finds in a kernel's folder how the program of the last cell was built.
func howBuilt(t *testing.T, folder string) string {
	if _, err := os.Stat(filepath.Join(folder, "cells", "cell")); err == nil {
		return "shared"
	}
	programs, err := filepath.Glob(filepath.Join(folder, "tmp", "gonb_*", "gonb_*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) == 0 {
		return "failed"
	}
	if src, err := os.ReadFile(programs[0]); err == nil && strings.HasPrefix(string(src), "#!") {
		return "none"
	}
	return "alone"
}

// A cell that imports a package of Flowbook displays the value of its last expression, whether
// it shares a program with other cells or not.
func TestShownValues(t *testing.T) {
	cells := []string{
		"var f = frame.Texts([]string{\"host\"}, []string{\"a\"}, []string{\"b\"})",
		"%%\nf", "%%\nframe.Head(f, 1)", "%%\nx := f.Nrow()\nx + 1", "%%\nframe.Head(f, 1);", "%%\ntime.Sleep(1)", "%%\nfmt.Println(7)", "%%\nos.Remove(\"no such file\")",
		"%%\ntype n int\nn(3)", "%%\nfmt.Sprint(4)",
	}
	temp := kerneltest.PrivateTemp(t)
	k := kerneltest.Start(t, "gonb", kernel.Options{Cells: cells})
	folders, err := filepath.Glob(filepath.Join(temp, "reportgen-*"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	var got []string
	for _, cell := range cells {
		r, err := kerneltest.Execute(t, k, cell)
		if err != nil {
			t.Fatal(cell, err)
		}
		text := howBuilt(t, folders[0]) + ":"
		for _, o := range r.Outputs {
			plain, _ := o.Data["text/plain"].(string)
			text += strings.Join(strings.Fields(o.Text+plain), " ")
		}
		got = append(got, text)
	}
	want := []string{"shared:", "shared:host a b", "shared:host a", "shared:3", "shared:", "shared:", "shared:7", "shared:", "alone:3", "shared:4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
