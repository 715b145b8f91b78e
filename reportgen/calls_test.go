package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/faults"
)

// faultCommand is a command whose file system calls fail one by one.
type faultCommand struct {
	name    string
	args    []string
	earlier []string          // a run before, whose output is there; nil if there is none
	files   map[string]string // more files of the folder that it runs in
	outputs []string          // what it writes: either all of the earlier run or all of this one is there
	later   string            // a folder that is as a complete run leaves it once the next run is done
	done    string            // the error of a run after a complete one; "" if there is none
	check   func(t *testing.T, dir string, status int, stdout, stderr string)
}

func faultCommands(t *testing.T) []faultCommand {
	day := func(n int) string {
		return testenv.Path(t, "testdata", "fortnight", fmt.Sprintf("date=2024-03-%02d", n), "flows.parquet")
	}
	log := testenv.Path(t, "reportgen", "internal", "ingest", "testdata", "conn.log")
	notebook := func(title string) string {
		return fmt.Sprintf(`{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# %s\n\n$x^2$"}], "metadata": {"kernelspec": {"name": "none", "display_name": "n", "language": "n"}}, "nbformat": 4, "nbformat_minor": 5}`, title)
	}
	const twoDays = "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n2024-04-18 10:00:00,10.0.0.1,192.0.2.1,tcp,443,1,2\n2024-04-19 10:00:00,10.0.0.1,192.0.2.1,tcp,443,1,2\n"
	const vpcHead = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n"
	const vpcRow = "2 1 eni-1 10.0.0.1 192.0.2.1 %d 443 6 9 100 %d %d ACCEPT OK\n" // the second log has rows of the next day
	kernel := `{"argv": ["false"], "display_name": "none", "language": "n"}`
	return []faultCommand{
		{
			name: "import", args: []string{"import", "--from", "zeek", log, "-o", "out/day.parquet"},
			earlier: []string{"import", "--from", "csv", "--map", "timestamp=ts", "-o", "out/day.parquet", "first.csv"},
			files:   map[string]string{"out/other": "of the user", "first.csv": twoDays}, outputs: []string{"out"},
		},
		{
			name: "import --into", args: []string{"import", "--from", "zeek", log, "--into", "days"},
			earlier: []string{"import", "--from", "csv", "--map", "timestamp=ts", "--into", "days", "first.csv"},
			files:   map[string]string{"first.csv": twoDays}, later: "days",
		},
		{
			name: "import --into, open connections", args: []string{"import", "--from", "vpc", "--into", "days", "second.log"},
			earlier: []string{"import", "--from", "vpc", "--into", "days", "first.log"},
			files: map[string]string{
				"first.log":  vpcHead + fmt.Sprintf(vpcRow, 50000, 1713563000, 1713563060),
				"second.log": vpcHead + fmt.Sprintf(vpcRow, 50000, 1713563060, 1713563120) + fmt.Sprintf(vpcRow, 50001, 1713573000, 1713573060),
			}, later: "days",
		},
		{
			name: "profile", args: []string{"profile", day(9), "-o", "day.profile"},
			earlier: []string{"profile", day(8), "-o", "day.profile"}, outputs: []string{"day.profile"},
		},
		{
			name: "detect with cache", args: []string{"detect", "--baseline", day(8), "--test", day(9), "--format", "json"},
		},
		{
			name: "detect with spool", args: []string{
				"detect", "--baseline", day(8), "--test", day(9), "--format", "json", "--alert-least", "info", "--alert-retries", "0",
				"--alert", "file:alerts.jsonl", "--alert", "file:none/alerts.jsonl", "--alert-spool", "spool",
			},
			check: checkAlerts,
		},
		{
			name: "init", args: []string{"init", "new"}, outputs: []string{"new"}, done: "new: already has ",
		},
		{
			name: "run", args: []string{"run", "--to", "html,md,typst"},
			earlier: []string{"run", "--to", "html,md,typst", "earlier"},
			files: map[string]string{
				"jupyter/kernels/none/kernel.json": kernel, "notebooks/a.ipynb": notebook("New"), "notebooks/b.ipynb": notebook("Second"),
				"earlier/a.ipynb": notebook("Earlier"),
			},
			outputs: []string{"report"},
		},
	}
}

// checkAlerts checks that all alerts were delivered or are in the spool, once findings were printed.
func checkAlerts(t *testing.T, dir string, status int, stdout, stderr string) {
	if stdout == "" {
		return // it ended before
	}
	read := func(pattern string) map[string]bool {
		uids := map[string]bool{}
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			}
			for line := range bytes.Lines(text) {
				var r struct{ UID, Payload string }
				if err := json.Unmarshal(line, &r); err != nil && bytes.HasSuffix(line, []byte("\n")) {
					t.Errorf("%s: a line is not JSON: %s", file, line)
				}
				if r.Payload != "" || pattern == "alerts.jsonl" {
					uids[r.UID] = true
				}
			}
		}
		return uids
	}
	sent, kept := read("alerts.jsonl"), read("spool/*.jsonl")
	if status == exit.Done {
		t.Error("status 0 though one destination does not exist")
	}
	findings := strings.Count(stdout, "\n")
	all := maps.Clone(kept)
	maps.Copy(all, sent)
	if len(all) < findings && !regexp.MustCompile(`\d+ alerts? lost`).MatchString(stderr) {
		t.Errorf("%d findings, %d alerts delivered, %d kept:\n%s", findings, len(sent), len(kept), stderr)
	}
}

// faultRun runs a command in a folder, and lets one call fail.
func faultRun(t *testing.T, dir string, args []string, plan faults.Plan) (r faults.Result, status int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(built(t), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"FLOWBOOK_CACHE="+filepath.Join(dir, "cache"), "TMPDIR="+filepath.Join(dir, "tmp"),
		"HOME="+filepath.Join(dir, "home"), "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "JUPYTER_PATH="+filepath.Join(dir, "jupyter"), "SOURCE_DATE_EPOCH=1700000000")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	plan.Root = dir
	r, err := faults.Run(cmd, plan)
	if errors.Is(err, faults.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r, cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestFaults lets every file system call of the commands that write fail, and kills the commands at every call. Either
// the earlier output or the new one is whole, an error names what failed, and the next run does what it would have done
// anyway and leaves nothing else behind. With FLOWBOOK_FAULTS=all, `make faults`, all calls are tried, otherwise some.
func TestFaults(t *testing.T) {
	all := os.Getenv("FLOWBOOK_FAULTS") == "all"
	if testing.Short() && !all {
		t.Skip("starts reportgen hundreds of times: skipped with -short")
	}
	for _, c := range faultCommands(t) {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "work")
			faultFolder(t, dir, c)
			before := faultOutputs(t, dir, c.outputs)
			reference, status, stdout, stderr := faultRun(t, dir, c.args, faults.Plan{})
			if c.check == nil && status != exit.Done {
				t.Fatalf("status %d\n%s", status, stderr)
			}
			f := faultTest{faultCommand: c, t: t, dir: dir, before: before, after: faultOutputs(t, dir, c.outputs), later: faultOutputs(t, dir, []string{c.later}), names: faultNames(t, dir), stdout: stdout, count: map[string]int{}}
			step := 1
			if !all {
				step = max(reference.Calls/4, 1)
			}
			for _, kill := range []bool{false, true} {
				for at := 1; ; at += step {
					if !f.one(faults.Plan{At: at, Kill: kill}) {
						break
					}
				}
			}
			for _, outcome := range slices.Sorted(maps.Keys(f.count)) {
				t.Logf("%-18s %4d calls: %4d × %s", c.name, reference.Calls, f.count[outcome], outcome)
			}
		})
	}
}

// faultFolder makes the folder that a command runs in.
func faultFolder(t *testing.T, dir string, c faultCommand) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil { // the same path each time: spools have names by it
		t.Fatal(err)
	}
	testenv.WriteFiles(t, dir, c.files)
	for _, d := range []string{"tmp", "home", "out"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if c.earlier != nil {
		if _, status, _, stderr := faultRun(t, dir, c.earlier, faults.Plan{}); status != exit.Done {
			t.Fatalf("the earlier run: status %d\n%s", status, stderr)
		}
	}
}

// faultOutputs returns the content of the outputs by path.
func faultOutputs(t *testing.T, dir string, outputs []string) map[string]string {
	t.Helper()
	content := map[string]string{}
	for name, text := range testenv.Tree(t, dir) {
		for _, o := range outputs {
			// A file that is being written is beside its place, in a folder whose name begins with a point.
			if (name == o || strings.HasPrefix(name, o+"/")) && !strings.Contains(name, "/.flowbook-earlier-") && !regexp.MustCompile(`/\.[^/]*-\d+(/|$)`).MatchString(name) {
				content[name] = text
			}
		}
	}
	return content
}

// faultNames returns the names of all files and folders.
func faultNames(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		names = append(names, strings.TrimPrefix(path, dir))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// faultTest is the test of one command.
type faultTest struct {
	faultCommand
	t             *testing.T
	dir           string
	before, after map[string]string
	later         map[string]string
	names         []string
	stdout        string
	count         map[string]int // outcomes
}

// one runs the command with one fault and then without, and reports whether there was a call to fail.
func (f *faultTest) one(plan faults.Plan) bool {
	t := f.t
	t.Helper()
	dir := f.dir
	faultFolder(t, dir, f.faultCommand)
	r, status, stdout, stderr := faultRun(t, dir, f.args, plan)
	if r.Failed == "" {
		return false
	}
	at := fmt.Sprintf("call %d, %s, killed %v: status %d", plan.At, r.Failed, plan.Kill, status)
	if regexp.MustCompile(`(?m)^(panic:|fatal error:|goroutine \d)|DATA RACE`).MatchString(stderr) || status > exit.Stale || plan.Kill != (status < 0) {
		t.Errorf("%s:\n%s", at, stderr)
	}
	got := faultOutputs(t, dir, f.outputs)
	var outcome string
	switch {
	case maps.Equal(got, f.after):
		outcome = "new output"
	case maps.Equal(got, f.before):
		outcome = "earlier output"
	case plan.Kill && f.eachWhole(got):
		outcome = "each file of the earlier or the new output"
	default:
		outcome = "MIXED"
		t.Errorf("%s: neither the earlier output nor the new one (-new +got):\n%s\n%s", at, cmp.Diff(slices.Sorted(maps.Keys(f.after)), slices.Sorted(maps.Keys(got))), stderr)
	}
	if status == exit.Done && (!maps.Equal(got, f.after) || stdout != f.stdout) {
		t.Errorf("%s: not the result of a run without faults\n%s", at, stderr)
	}
	if !plan.Kill && status > exit.Done && !strings.Contains(stderr, "reportgen: ") {
		t.Errorf("%s: no error is said:\n%s", at, stderr)
	}
	if f.check != nil {
		t.Run(at, func(t *testing.T) { f.check(t, dir, status, stdout, stderr) })
	}
	f.count[fmt.Sprintf("status %2d, %s", status, outcome)]++
	_, status, stdout, stderr = faultRun(t, dir, f.args, faults.Plan{})
	if done := f.done != "" && outcome == "new output" && strings.Contains(stderr, f.done); f.check == nil && !done && (status != exit.Done || stdout != f.stdout) {
		t.Errorf("%s: the next run: status %d\n%s", at, status, stderr)
	}
	if diff := cmp.Diff(f.after, faultOutputs(t, dir, f.outputs)); diff != "" {
		t.Errorf("%s: the next run (-want +got):\n%.2000s", at, diff)
	}
	if diff := cmp.Diff(f.later, faultOutputs(t, dir, []string{f.faultCommand.later})); diff != "" {
		t.Errorf("%s: the folder after the next run (-want +got):\n%.2000s", at, diff)
	}
	if diff := cmp.Diff(f.names, faultNames(t, dir)); diff != "" {
		t.Errorf("%s: files after the next run (-want +got):\n%s", at, diff)
	}
	return true
}

// eachWhole reports whether every file is one of the earlier output or of the new one. Files of several days cannot be
// replaced in one step: if a program is killed between two, the next run replaces the rest.
func (f *faultTest) eachWhole(got map[string]string) bool {
	if f.name != "import" {
		return false
	}
	for name, text := range got {
		if text != f.before[name] && text != f.after[name] {
			return false
		}
	}
	return len(got) >= min(len(f.before), len(f.after))
}
