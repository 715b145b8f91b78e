package flowfile_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// TestDayInParts reads days as if hardly any conversation fitted into memory: from
// several files, with optional columns, and from other numbers of workers.
func TestDayInParts(t *testing.T) {
	plain, other := someFlows(150_000, 3), someFlows(50_000, 4)
	detailed := someFlows(100_000, 5)
	for i := range detailed {
		detailed[i].Details = flow.Details{Duration: flow.SpanOf(int64(i % 1000)), State: flow.State(i % int(flow.NumStates)), Name: []string{"", "a.example", "b.example"}[i%3]}
	}
	files := []string{writeFlows(t, plain), writeFlows(t, detailed), writeFlows(t, other)}
	for _, tt := range []struct {
		files   []string
		workers int
	}{{files, 3}, {files[:1], 1}, {files[1:], 2}} {
		want, err := flowfile.ProfileAll(t.Context(), tt.files, flowfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o := flowfile.InParts(flowfile.Options{Workers: tt.workers, Folder: t.TempDir()}, 1)
		got, err := flowfile.ProfileAll(t.Context(), tt.files, o)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, got), encoded(t, want)) {
			t.Errorf("%d files, %d workers: a day in parts has another profile", len(tt.files), tt.workers)
		}
		if left, _ := os.ReadDir(o.Folder); len(left) > 0 {
			t.Errorf("%s is left", left[0].Name())
		}
	}
}

func TestPartThatCannotBeWritten(t *testing.T) {
	file := writeFlows(t, someFlows(100_000, 3))
	o := flowfile.InParts(flowfile.Options{Folder: filepath.Join(t.TempDir(), "none")}, 1)
	if _, err := flowfile.ProfileAll(t.Context(), []string{file}, o); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v, want an error of the folder", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := flowfile.ProfileAll(ctx, []string{file}, o); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
