package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// leftIn names the processes that know a temporary folder, and the files in it.
func leftIn(t *testing.T, temp string) []string {
	t.Helper()
	var left []string
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, f := range files {
		pid := filepath.Base(filepath.Dir(f))
		env, err := os.ReadFile(f)
		if err == nil && pid != fmt.Sprint(os.Getpid()) && bytes.Contains(env, []byte("TMPDIR="+temp)) {
			left = append(left, "process "+pid)
		}
	}
	entries, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	return left
}

// Signals end reportgen with 130. What there was until then is written in the place
// of the last report, as where a cell fails, and nothing else is left: no process
// and no file.
func TestSignals(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	for _, tt := range []struct {
		name   string
		signal syscall.Signal
		until  string
	}{
		{"interrupt in a cell", syscall.SIGINT, "cell 2/3"},
		{"termination", syscall.SIGTERM, "cell 2/3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := notebookFolder(t, map[string]string{"report/.reportgen": "", "report/old.txt": "old"})
			testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\nfmt.Println(\"kept\")", "%%\ntime.Sleep(time.Hour)")})
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			cmd := exec.Command(built(t), "run")
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			sent := false
			for lines := bufio.NewScanner(stderr); lines.Scan(); {
				fmt.Fprintln(&said, lines.Text())
				if !sent && strings.Contains(lines.Text(), tt.until) {
					sent = true
					if err := cmd.Process.Signal(tt.signal); err != nil {
						t.Error(err)
					}
				}
			}
			var ended *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &ended) || ended.ExitCode() != exit.Interrupted {
				t.Errorf("%v, want status 130:\n%s", err, said.String())
			}
			if left := leftIn(t, temp); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
			report := testenv.Tree(t, "report")
			for _, want := range []string{"kept", "signal received"} {
				if !strings.Contains(report["report.md"], want) {
					t.Errorf("the report does not hold %q:\n%s", want, report["report.md"])
				}
			}
			if _, there := report["old.txt"]; there {
				t.Error("the old report was not replaced")
			}
			checkBeside(t, dir)
		})
	}
}

// startUntil starts reportgen and returns when it has said a text on stderr. What it
// says then is dropped.
func startUntil(t *testing.T, text string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(built(t), args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), text) {
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	return cmd
}

// A second signal ends reportgen at once, and not when the cell has been given its
// time; killed, it does not come to write anything either. What both leave is
// removed by the next run.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := notebookFolder(t, map[string]string{"report/.reportgen": "", "report/old.txt": "old"})
			testenv.WriteFiles(t, dir, map[string]string{
				"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "import \"os/signal\"\n%%\nsignal.Ignore(os.Interrupt)\nfor { time.Sleep(time.Second) }"),
				"quick/b.ipynb":     goNotebook(t, "B", "var x = 1"),
			})
			before := testenv.Tree(t, "report")
			temp := t.TempDir()
			t.Setenv("TMPDIR", temp)
			cmd := startUntil(t, "cell 1/2", "run")
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if err := cmd.Wait(); err == nil || err.Error() != "signal: "+signal.String() {
					t.Errorf("%v, want an end by %v", err, signal)
				}
			}()
			for again := true; again; {
				_ = cmd.Process.Signal(signal) // it may have ended meanwhile
				select {
				case <-ended:
					again = false
				case <-time.After(20 * time.Millisecond): // the first signal is being taken
				}
			}
			if diff := cmp.Diff(before, testenv.Tree(t, "report")); diff != "" {
				t.Errorf("the report changed:\n%s", diff)
			}
			for strings.Contains(fmt.Sprint(leftIn(t, temp)), "process") {
				time.Sleep(5 * time.Millisecond) // the operating system notifies the kernel
			}
			if left := leftIn(t, temp); len(left) == 0 {
				t.Error("nothing was left to remove")
			}
			mustRun(t, "run", "-o", "next", "quick")
			if left := leftIn(t, temp); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// checkBeside checks that a folder of notebooks holds them and their report only.
func checkBeside(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "notebooks" && e.Name() != "report" {
			t.Errorf("left beside the report: %s", e.Name())
		}
	}
}

// A run that is interrupted before a cell ran leaves the report as it was.
func TestInterruptedBeforeACell(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{"report/.reportgen": "", "report/old.txt": "old"})
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1")})
	before := testenv.Tree(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	if status := run(ctx, []string{"run"}, io.Discard, &stderr); status != exit.Interrupted {
		t.Errorf("status %d, want 130:\n%s", status, stderr.String())
	}
	if diff := cmp.Diff(before, testenv.Tree(t, dir)); diff != "" {
		t.Errorf("files changed:\n%s", diff)
	}
}

// If the time of the whole run is over before a cell ran, the report stays, and
// the status is that of a failure.
func TestRunTimeout(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{"report/.reportgen": "", "report/old.txt": "old"})
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1")})
	before := testenv.Tree(t, dir)
	status, _, stderr := reportgen(t, "run", "--run-timeout", "1ns")
	if status != exit.Failed || !strings.Contains(stderr, "the whole run took longer than 1ns") {
		t.Errorf("status %d, want 1:\n%s", status, stderr)
	}
	if diff := cmp.Diff(before, testenv.Tree(t, dir)); diff != "" {
		t.Errorf("files changed:\n%s", diff)
	}
}

// If the browser cannot print, the other formats are written, and the input is not
// at fault.
func TestUnprinted(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, map[string]string{"browser": "#!/bin/sh\necho no display >&2\nexit 1\n"})
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\nfmt.Println(\"kept\")")})
	if err := os.Chmod("browser", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(browser.Variable, mustAbs(t, "browser"))
	status, stdout, stderr := reportgen(t, "run", "--to", "html,pdf,md")
	if status != exit.Failed || !strings.Contains(stderr, "report.pdf not written") || stdout != "report/index.html\nreport/report.md\n" {
		t.Errorf("status %d, want 1\n%s\n%s", status, stdout, stderr)
	}
	if md := testenv.Tree(t, "report")["report.md"]; !strings.Contains(md, "kept") {
		t.Errorf("the report:\n%s", md)
	}
}

// Without a previous report, an interrupted run leaves what it had.
func TestInterruptedFirstRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\nfmt.Println(\"kept\")", "%%\ntime.Sleep(time.Hour)")})
	ctx, cancel := context.WithCancel(t.Context())
	stderr := &cancelOn{text: "cell 2/3", cancel: cancel}
	if status := run(ctx, []string{"run", "--no-cache", "--to", "md"}, io.Discard, stderr); status != exit.Interrupted {
		t.Errorf("status %d, want 130:\n%s", status, stderr)
	}
	if md := testenv.Tree(t, "report")["report.md"]; !strings.Contains(md, "kept") || !strings.Contains(md, "context canceled") {
		t.Errorf("the report does not hold what there was:\n%s", md)
	}
}

// Runs at once in one folder leave a whole report, that of one of them.
func TestRunsAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\nfmt.Println(\"x is\", x)")})
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var group sync.WaitGroup
	for i := range 3 {
		group.Go(func() {
			cmd := exec.Command(built(t), "run", "--to", "md", "-p", fmt.Sprint("x=", i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("run %d: %v\n%s", i, err, out)
			}
		})
	}
	group.Wait()
	files := testenv.Tree(t, "report")
	found := 0
	for i := range 3 {
		if strings.Contains(files["report.md"], fmt.Sprintf("x is %d", i)) && strings.Contains(files[report.SourcesName], fmt.Sprintf(`"value": "%d"`, i)) {
			found++
		}
	}
	if found != 1 {
		t.Errorf("the report is that of %d runs:\n%s\n%s", found, files["report.md"], files[report.SourcesName])
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 2 {
		t.Errorf("left beside the report: %v, %v", entries, err)
	}
	if left := leftIn(t, temp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// smallDisk mounts a file system of a few kilobytes at dir, for the test.
func smallDisk(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("no right to mount a small disk: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
}

// A full disk, or one that cannot be written, is said, and the last report stays.
func TestDiskFullAndReadOnly(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real GoNB kernels: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\nfmt.Println(strings.Repeat(\"x\", 1<<20))")})
	disk := filepath.Join(dir, "disk")
	smallDisk(t, disk, "size=256k")
	testenv.WriteFiles(t, disk, map[string]string{"report/.reportgen": "", "report/report.md": "old"})
	before := testenv.Tree(t, disk)
	status, _, stderr := reportgen(t, "run", "-o", "disk/report")
	if status != exit.BadInput || !strings.Contains(stderr, syscall.ENOSPC.Error()) {
		t.Errorf("status %d\n%.2000s", status, stderr)
	}
	if diff := cmp.Diff(before, testenv.Tree(t, disk)); diff != "" {
		t.Errorf("the full disk changed:\n%s", diff)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", disk).CombinedOutput(); err != nil {
		t.Skipf("no right to remount: %v: %s", err, out)
	}
	status, _, stderr = reportgen(t, "run", "-o", "disk/report")
	if status != exit.BadInput || !strings.Contains(stderr, syscall.EROFS.Error()) {
		t.Errorf("status %d\n%.2000s", status, stderr)
	}
	if diff := cmp.Diff(before, testenv.Tree(t, disk)); diff != "" {
		t.Errorf("the disk that cannot be written changed:\n%s", diff)
	}
}

// A kernel that does not start in time ends the run.
func TestKernelThatNeverStarts(t *testing.T) {
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{
		"jupyter/kernels/gonb/kernel.json": `{"argv": ["sleep", "3600"], "display_name": "none", "language": "go"}`,
		"notebooks/a.ipynb":                goNotebook(t, "A", "var x = 1"),
	})
	t.Setenv("JUPYTER_PATH", mustAbs(t, "jupyter"))
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	began := time.Now()
	status, _, stderr := reportgen(t, "run", "--start-timeout", "200ms")
	if status != exit.KernelDied || !strings.Contains(stderr, "the kernel did not answer within 200ms") || time.Since(began) > time.Minute {
		t.Errorf("status %d\n%s", status, stderr)
	}
	if left := leftIn(t, temp); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// With --allow-errors the cells after a failure run, and the status still reports it.
func TestAllowErrors(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real GoNB kernel: skipped with -short")
	}
	dir := notebookFolder(t, nil)
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": goNotebook(t, "A", "var x = 1", "%%\npanic(\"first\")", "%%\nfmt.Println(\"went on\")", "%%\npanic(\"second\")")})
	status, _, stderr := reportgen(t, "run", "--to", "md", "--allow-errors")
	md := testenv.Tree(t, "report")["report.md"]
	if status != exit.Failed || !strings.Contains(md, "went on") {
		t.Errorf("status %d\n%s\n%s", status, stderr, md)
	}
	for _, want := range []string{"cell 3 (code-2), line 2: panic: first", "cell 5 (code-4), line 2: panic: second"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
}
