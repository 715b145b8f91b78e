//go:build linux

package faults

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	Exec()
	if dir := os.Getenv("FAULTS_WRITE"); dir != "" {
		os.Exit(write(dir))
	}
	os.Exit(m.Run())
}

// write is a program that makes three calls below its folder: open, write, remove.
func write(dir string) int {
	f, err := os.Create(filepath.Join(dir, "a"))
	if err != nil {
		return 3
	}
	if _, err := f.WriteString("text"); err != nil {
		return 4
	}
	if err := os.Chdir(dir); err != nil {
		return 5
	}
	if err := os.Remove("a"); err != nil {
		return 6
	}
	return 0
}

// Each call fails in turn, once or for good, or the program is killed at it.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name   string
		plan   Plan
		failed string
		calls  int
		status int // -1: killed
	}{
		{"none fails", Plan{}, "", 3, 0},
		{"open", Plan{At: 1}, "open a", 1, 3},
		{"write", Plan{At: 2}, "write a", 2, 4},
		{"remove, by a relative path", Plan{At: 3}, "remove a", 4, 6}, // os.Remove then tries to remove a folder
		{"past the last", Plan{At: 4}, "", 3, 0},
		{"all", Plan{At: 1, Most: -1}, "open a", 1, 3},
		{"killed", Plan{At: 2, Kill: true}, "write a", 2, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			tt.plan.Root = t.TempDir()
			cmd.Env = append(os.Environ(), "FAULTS_WRITE="+tt.plan.Root)
			got, err := Run(cmd, tt.plan)
			if errors.Is(err, ErrUnsupported) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			status := cmd.ProcessState.ExitCode()
			if got.Failed != tt.failed || got.Calls != tt.calls || status != tt.status {
				t.Errorf("%+v, status %d; want %q, %d calls, status %d", got, status, tt.failed, tt.calls, tt.status)
			}
			if tt.plan.Kill && !strings.Contains(got.Err.Error(), syscall.SIGKILL.String()) {
				t.Errorf("ended by %v", got.Err)
			}
		})
	}
}
