package dayfiles

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
	"github.com/flowbook/flowbook/reportgen/internal/ingest"
)

// days returns two days with the given numbers of flows, and the flows.
func days(t *testing.T, counts ...int64) ([]ingest.DayCount, iter.Seq2[ingest.Flow, error]) {
	t.Helper()
	var list []ingest.DayCount
	total := int64(0)
	for i, n := range counts {
		date, err := ingest.ParseDate("2024-04-1" + string(rune('1'+i)))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, ingest.DayCount{Date: date, Flows: n})
		total += n
	}
	return list, func(yield func(ingest.Flow, error) bool) {
		for i := range total {
			f := ingest.Flow{}
			f.Record = flow.Record{Time: flow.Time(i), Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("192.0.2.1"), Proto: flow.TCP, Port: 443, Up: 1}
			if !yield(f, nil) {
				return
			}
		}
	}
}

func listing(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	list, flows := days(t, 2, 3)
	var calls [][2]int64
	files, err := writeFiles(t.Context(), flows, list, filepath.Join(dir, "day.parquet"), options{Progress: func(n, total int64) { calls = append(calls, [2]int64{n, total}) }})
	if err != nil {
		t.Fatal(err)
	}
	want := []dayFile{{Path: filepath.Join(dir, "day-2024-04-11.parquet"), Day: list[0]}, {Path: filepath.Join(dir, "day-2024-04-12.parquet"), Day: list[1]}}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][2]int64{{0, 5}, {2, 5}}, calls); diff != "" {
		t.Errorf("progress: %s", diff)
	}
	for _, f := range files {
		n := int64(0)
		for _, err := range flowfile.Rows(t.Context(), f.Path, flowfile.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != f.Day.Flows {
			t.Errorf("%s holds %d flows, want %d", f.Path, n, f.Day.Flows)
		}
	}
	one, flows := days(t, 1)
	if files, err := writeFiles(t.Context(), flows, one, filepath.Join(dir, "one.parquet"), options{}); err != nil || files[0].Path != filepath.Join(dir, "one.parquet") {
		t.Errorf("%v, %v", files, err)
	}
}

// A failed import writes nothing.
func TestWriteFails(t *testing.T) {
	broken := errors.New("disk gone")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	list, flows := days(t, 2, 3)
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		flows iter.Seq2[ingest.Flow, error]
		want  string
	}{
		{"interrupted", canceled, flows, context.Canceled.Error()},
		{"too few flows", t.Context(), func(func(ingest.Flow, error) bool) {}, "sorting returned 0 of 5 flows"},
		{"unreadable", t.Context(), func(yield func(ingest.Flow, error) bool) {
			n := 0
			for f, err := range flows {
				if err != nil {
					t.Error(err)
				}
				if n++; n > 3 {
					yield(ingest.Flow{}, broken)
					return
				}
				if !yield(f, nil) {
					return
				}
			}
		}, "day-2024-04-12.parquet: disk gone"},
	} {
		dir := t.TempDir()
		_, err := writeFiles(tt.ctx, tt.flows, list, filepath.Join(dir, "day.parquet"), options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if names := listing(t, dir); len(names) > 0 {
			t.Errorf("%s: left %v", tt.name, names)
		}
	}
}

// If the set cannot be placed, the files of an earlier import stay as they were.
func TestWriteKeepsEarlierFiles(t *testing.T) {
	spoil := map[string]func(t *testing.T, dir string){
		"a folder has the name of the last file": func(t *testing.T, dir string) {
			last := filepath.Join(dir, "day-2024-04-13.parquet")
			if err := errors.Join(os.Remove(last), os.Mkdir(last, 0o700)); err != nil {
				t.Fatal(err)
			}
		},
		"the last file cannot be renamed": func(t *testing.T, dir string) {
			pending, err := filepath.Glob(filepath.Join(dir, ".day-2024-04-13.parquet*"))
			if err != nil || len(pending) != 1 {
				t.Fatalf("pending files %v, %v", pending, err)
			}
			if err := os.RemoveAll(pending[0]); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, spoil := range spoil {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir) // where pending files are made if it is on the same file system
		path := filepath.Join(dir, "day.parquet")
		first := filepath.Join(dir, "day-2024-04-11.parquet")
		if err := os.WriteFile(first, []byte("earlier"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "day-2024-04-13.parquet"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		list, flows := days(t, 2, 3, 1)
		_, err := writeFiles(t.Context(), flows, list, path, options{Progress: func(n, _ int64) {
			if n == 5 {
				spoil(t, dir)
			}
		}})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if b, err := os.ReadFile(first); err != nil || string(b) != "earlier" {
			t.Errorf("%s: the first file holds %.10q, %v", name, b, err)
		}
		if names := listing(t, dir); len(names) != 2 {
			t.Errorf("%s: left %v", name, names)
		}
	}
}
