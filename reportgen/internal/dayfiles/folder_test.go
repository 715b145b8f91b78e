package dayfiles

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// logFile writes a log and returns its path.
func logFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// add imports two days of flows from logs, unless they are known, and returns how
// many logs were.
func add(ctx context.Context, t *testing.T, dir string, logs ...string) (known int, err error) {
	t.Helper()
	f, err := OpenFolder(dir)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	fresh, old, err := f.fresh(logs)
	if err != nil || len(fresh) == 0 {
		return len(old), err
	}
	list, flows := days(t, 2, 3)
	var sorter ingest.Sorter
	defer func() { err = errors.Join(err, sorter.Close()) }()
	n := int64(0)
	for flow, err := range flows {
		if err != nil {
			return 0, err
		}
		if flow.Date = list[0].Date; n >= list[0].Flows {
			flow.Date = list[1].Date
		}
		if err := sorter.Add(flow); err != nil {
			return 0, err
		}
		n++
	}
	s, err := f.stage(fresh)
	if err != nil {
		return 0, err
	}
	if _, err = s.add(ctx, &sorter, options{}); err != nil {
		err = errors.Join(err, s.abort())
	}
	return len(old), err
}

// parts returns the flow files of a folder with their numbers of flows, and fails
// if a state of an import is left.
func parts(t *testing.T, dir string) (names []string, flows int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "date=*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		for _, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			flows++
		}
		rel, _ := filepath.Rel(dir, path)
		names = append(names, rel)
	}
	for _, name := range listing(t, filepath.Join(dir, ".flowbook")) {
		if name != "lock" && name != "logs" && name != openState {
			t.Errorf("%s is left", name)
		}
	}
	return names, flows
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "days")
	first, second := logFile(t, "conn.00.log", "one"), logFile(t, "conn.01.log", "two")
	for _, step := range []struct {
		logs         []string
		known, flows int
	}{
		{[]string{first}, 0, 5}, {[]string{first}, 1, 5}, // the same again
		{[]string{first, second}, 1, 10}, {[]string{second, first, second}, 3, 10},
		{[]string{logFile(t, "copy.log", "two")}, 1, 10},
		{[]string{logFile(t, "a.log", "three"), logFile(t, "b.log", "three")}, 1, 15}, // a log and its copy
	} {
		known, err := add(t.Context(), t, dir, step.logs...)
		if err != nil || known != step.known {
			t.Errorf("%v: %d known, %v", step.logs, known, err)
		}
		names, flows := parts(t, dir)
		if flows != step.flows || !strings.HasPrefix(names[0], "date=2024-04-11/part-") {
			t.Errorf("%v: %d flows in %v", step.logs, flows, names)
		}
	}
	b, err := os.ReadFile(filepath.Join(dir, ".flowbook", "logs"))
	if err != nil || strings.Count(string(b), "\n") != 4 || !strings.Contains(string(b), "  conn.00.log\n") {
		t.Errorf("%s, %v", b, err)
	}
}

// A failed import changes nothing, and one that was killed is removed or completed
// by the next.
func TestFolderInterrupted(t *testing.T) {
	dir := t.TempDir()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	log := logFile(t, "a.log", "one")
	if _, err := add(canceled, t, dir, log); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if names, _ := parts(t, dir); len(names) > 0 {
		t.Errorf("a failed import left %v", names)
	}
	if _, err := add(t.Context(), t, dir, log); err != nil {
		t.Fatal(err)
	}
	want, _ := parts(t, dir)
	logs, err := os.ReadFile(filepath.Join(dir, ".flowbook", "logs"))
	if err != nil {
		t.Fatal(err)
	}
	// Killed after any number of files was moved: the rest is still staged.
	for moved := range len(want) + 1 {
		ready := filepath.Join(dir, ".flowbook", "x.ready")
		for i, name := range want {
			if err := os.MkdirAll(filepath.Join(ready, filepath.Dir(name)), 0o700); err != nil {
				t.Fatal(err)
			}
			if i >= moved {
				if err := os.Rename(filepath.Join(dir, name), filepath.Join(ready, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		part := filepath.Join(dir, ".flowbook", "y.part", "date=2024-04-11")
		if err := errors.Join(os.WriteFile(filepath.Join(ready, "logs"), logs, 0o600), os.Remove(filepath.Join(dir, ".flowbook", "logs")),
			os.MkdirAll(part, 0o700), os.WriteFile(filepath.Join(part, "half.parquet"), []byte("PAR1"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if known, err := add(t.Context(), t, dir, log); err != nil || known != 1 {
			t.Errorf("%d moved: %d known, %v", moved, known, err)
		}
		if names, flows := parts(t, dir); !slices.Equal(names, want) || flows != 5 {
			t.Errorf("%d moved: %d flows in %v", moved, flows, names)
		}
	}
}

func TestFolderAtOnce(t *testing.T) {
	dir := t.TempDir()
	var logs []string
	for _, text := range []string{"a", "b", "c", "d"} {
		logs = append(logs, logFile(t, text+".log", text))
	}
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			if _, err := add(t.Context(), t, dir, logs[i%4]); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if names, flows := parts(t, dir); len(names) != 8 || flows != 20 {
		t.Errorf("%d flows in %v", flows, names)
	}
}
