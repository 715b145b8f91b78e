package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
)

// sampleFlows is the --flows that the committed sample days are made with: the
// largest round number whose files stay within sampleBytes together.
const (
	sampleFlows = "180000"
	sampleBytes = 3_000_000
)

var sampleFiles = []string{"data.parquet", "test.parquet", "servers.parquet", "country.mmdb", "asn.mmdb", "truth.json"}

// TestCommittedSample makes the sample days again and compares them byte by
// byte with those committed.
func TestCommittedSample(t *testing.T) {
	committed := filepath.Join("..", "testdata")
	dir := t.TempDir()
	mustRun(t, "synth", "-o", dir, "--flows", sampleFlows)
	size := 0
	for _, name := range sampleFiles {
		want, err := os.ReadFile(filepath.Join(committed, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("testdata/%s (%d bytes) is not what synth gives (%d bytes); if that is meant, run: reportgen synth -o testdata --flows %s", name, len(want), len(got), sampleFlows)
		}
		size += len(want)
	}
	if size > sampleBytes {
		t.Errorf("the sample takes %d bytes, more than %d", size, sampleBytes)
	}
}

// mustRun runs reportgen and returns what it prints on stdout.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), args, &stdout, &stderr); code != exit.Done {
		t.Fatalf("reportgen %s: exit %d: %s", strings.Join(args, " "), code, stderr.String())
	}
	return stdout.String()
}

func TestSynthRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"synth"}, "-o, the folder"},
		{[]string{"synth", "-o", t.TempDir(), "--flows", "5"}, "must be from 10000"},
		{[]string{"synth", "-o", t.TempDir(), "--hosts", "5"}, "must be from 20"},
		{[]string{"synth", "-o", t.TempDir(), "more"}, "unknown command"},
		{[]string{"synth", "-o", filepath.Join(file, "sub"), "--flows", "10000"}, "folder"},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), tt.args, &stdout, &stderr); code != exit.BadInput || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: exit %d, %q; want %d and %q", tt.args, code, stderr.String(), exit.BadInput, tt.want)
		}
	}
}

// TestSynthInterrupted checks that an interrupted run leaves no half a file.
func TestSynthInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	if code := run(ctx, []string{"synth", "-o", dir, "--flows", "10000"}, &stdout, &stderr); code != exit.Interrupted {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
