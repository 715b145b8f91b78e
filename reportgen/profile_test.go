package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// flowFile writes a day of n flows.
func flowFile(t *testing.T, path string, n int) {
	t.Helper()
	w, err := flowfile.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		err := w.Write(flow.Record{
			Time: flow.Time(i), Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("1.1.1.1"), Proto: flow.TCP, Port: 443,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestProfileCommand(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(dir, "cache"))
	one, two, out := filepath.Join(dir, "one.parquet"), filepath.Join(dir, "two.parquet"), filepath.Join(dir, "day.profile")
	flowFile(t, one, 3)
	flowFile(t, two, 4)

	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"profile", one, two}, &stdout, &stderr); code != exit.Done {
		t.Fatalf("status %d: %s", code, stderr.String())
	}
	for i, path := range []string{one, two} {
		p, ok, err := profile.ReadCached(path)
		if !ok || err != nil || p.Total().Flows != int64(3+i) {
			t.Errorf("%s is not in the cache: %v", path, err)
		}
	}
	for at := range strings.Lines(stdout.String()) {
		if _, err := os.Stat(strings.TrimSpace(at)); err != nil {
			t.Error(err)
		}
	}

	stdout.Reset()
	if code := run(t.Context(), []string{"profile", one, two, "-o", out}, &stdout, &stderr); code != exit.Done || stdout.Len() > 0 {
		t.Fatalf("status %d, printed %q: %s", code, stdout.String(), stderr.String())
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.Unmarshal(b)
	if err != nil || p.Total().Flows != 7 || len(p.Sources) != 2 {
		t.Errorf("%d sources, error %v", len(p.Sources), err)
	}
}

func TestProfileCommandBadInput(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	text := filepath.Join(t.TempDir(), "flows.csv")
	if err := os.WriteFile(text, []byte("a,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"profile", text}, &stdout, &stderr); code != exit.BadInput || !strings.Contains(stderr.String(), "flows.csv: not a Parquet file") {
		t.Errorf("status %d: %s", code, stderr.String())
	}
	if code := run(t.Context(), []string{"profile"}, &stdout, &stderr); code != exit.BadInput {
		t.Errorf("no file: status %d", code)
	}
}
