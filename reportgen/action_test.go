package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// The script of the GitHub Action, and the hook of pre-commit, fail for a stale report.
func TestAction(t *testing.T) {
	needPython(t)
	var action struct {
		Runs struct {
			Steps []struct{ Name, Run string }
		}
	}
	readYAML(t, ".github/actions/report/action.yml", &action)
	var hooks []struct{ ID, Entry string }
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	script := ""
	for _, s := range action.Runs.Steps {
		if s.Name == "Check" {
			script = s.Run
		}
	}
	if script == "" || len(hooks) != 1 {
		t.Fatal("the action has no step Check, or there is another number of hooks than one")
	}

	bin := filepath.Dir(built(t))
	dir := notebookFolder(t, nil)
	notebook := func(n string) map[string]string {
		return map[string]string{"notebooks/a.ipynb": pythonNotebook(t, "A", "", "print('python says', "+n+")")}
	}
	testenv.WriteFiles(t, dir, notebook("1"))
	mustRun(t, "run")
	bash := func(script string) (int, string, string) {
		summary := filepath.Join(t.TempDir(), "summary.md")
		cmd := exec.CommandContext(t.Context(), "bash", "-e", "-c", script)
		cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "GITHUB_STEP_SUMMARY="+summary,
			"REPORT=report", "NOTEBOOKS=notebooks", "ARGUMENTS=--timeout 5m")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		_ = cmd.Run() // its status counts
		text, _ := os.ReadFile(summary)
		return cmd.ProcessState.ExitCode(), string(text), stderr.String()
	}
	status, summary, stderr := bash(script)
	if status != exit.Done || !strings.Contains(summary, "report is up to date") {
		t.Errorf("status %d: %s%s", status, summary, stderr)
	}
	testenv.WriteFiles(t, dir, notebook("2"))
	status, summary, stderr = bash(script)
	if status != exit.Stale || !strings.Contains(summary, "python says 2") || !strings.Contains(stderr, "::error title=reportgen::report is stale") {
		t.Errorf("status %d: %s%s", status, summary, stderr)
	}
	if status, _, stderr := bash(hooks[0].Entry + " report notebooks"); status != exit.Stale {
		t.Errorf("the hook ends with %d: %s", status, stderr)
	}
}

func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(testenv.Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
