package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/synth"
)

// sampleFlows is the --flows that the committed sample days are made with: the
// largest round number whose files stay within sampleBytes together.
const (
	sampleFlows = "180000"
	sampleBytes = 3_000_000
)

var sampleFiles = []string{"data.parquet", "test.parquet", "servers.parquet", "country.mmdb", "asn.mmdb", "truth.json"}

// read returns the content of a file.
func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestCommittedSample makes the sample days again and compares them byte by
// byte with those committed.
func TestCommittedSample(t *testing.T) {
	committed := filepath.Join("..", "testdata")
	dir := t.TempDir()
	mustRun(t, "synth", "-o", dir, "--flows", sampleFlows)
	size := 0
	for _, name := range sampleFiles {
		want, got := read(t, filepath.Join(committed, name)), read(t, filepath.Join(dir, name))
		if !bytes.Equal(got, want) {
			t.Errorf("testdata/%s (%d bytes) is not what synth gives (%d bytes); if that is meant, run: reportgen synth -o testdata --flows %s", name, len(want), len(got), sampleFlows)
		}
		size += len(want)
	}
	if size > sampleBytes {
		t.Errorf("the sample takes %d bytes, more than %d", size, sampleBytes)
	}
}

// TestCommittedFortnight makes the days of testdata/fortnight again and compares
// them byte by byte with those committed.
func TestCommittedFortnight(t *testing.T) {
	committed := filepath.Join("..", "testdata", "fortnight")
	dir := t.TempDir()
	mustRun(t, "synth", "-o", dir, "--days", "14", "--start", "2024-03-08", "--hosts", "60", "--flows", "20000")
	size := 0
	names := map[string]bool{}
	for _, root := range []string{committed, dir} {
		if err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				name, _ := filepath.Rel(root, path)
				names[name] = true
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for name := range names {
		want, got := read(t, filepath.Join(committed, name)), read(t, filepath.Join(dir, name))
		if !bytes.Equal(got, want) {
			t.Errorf("testdata/fortnight/%s (%d bytes) is not what synth gives (%d bytes); if that is meant, run make sample", name, len(want), len(got))
		}
		size += len(want)
	}
	if len(names) != 14+3 || size > sampleBytes {
		t.Errorf("%d files of %d bytes; want 17 of at most %d", len(names), size, sampleBytes)
	}
}

// Each attack of the fortnight is found on the day on which it begins, if the
// days before are its history.
func TestFortnightOnsets(t *testing.T) {
	dir := filepath.Join("..", "testdata", "fortnight")
	var truth synth.WeeksTruth
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	begun := map[string]bool{}
	for _, day := range truth.Days {
		var fresh []synth.Planted
		for _, p := range day.Planted {
			if key := p.Rule + " " + p.Entity.String(); !begun[key] {
				begun[key] = true
				fresh = append(fresh, p)
			}
		}
		if len(fresh) == 0 {
			continue
		}
		found := mustRun(t, "detect", "--days", dir, "--test", day.Date, "--format", "json",
			"--country", filepath.Join(dir, "country.mmdb"), "--asn", filepath.Join(dir, "asn.mmdb"))
		var alerts []detect.Finding
		for line := range strings.Lines(found) {
			var f detect.Finding
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				t.Fatal(err)
			}
			if f.Severity.Alert() {
				alerts = append(alerts, f)
			}
		}
		for _, p := range fresh {
			if !slices.ContainsFunc(alerts, func(f detect.Finding) bool { return f.Rule == p.Rule && slices.Contains(f.Entities(), p.Entity) }) {
				t.Errorf("%s: %s of %s begins and is not found", day.Date, p.Rule, p.Entity)
			}
		}
	}
	if len(begun) < 8 {
		t.Errorf("%d attacks are planted; want 8", len(begun))
	}
}

// A day of other options must not be taken for part of a new history.
func TestSynthDaysRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "date=2020-01-01"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--days", "3"}, "date=2020-01-01"},
		{[]string{"--days", "1"}, "--days 1: must be from 2"},
		{[]string{"--days", "3", "--start", "March"}, "want a date"},
		{[]string{"--days", "3", "--strength", "2"}, "--strength is for"},
		{[]string{"--start", "2024-03-04"}, "--start needs --days"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"synth", "-o", dir, "--hosts", "20", "--flows", "10000"}, tt.args...), &stdout, &stderr)
		if code != exit.BadInput || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: exit %d: %s; want %q", tt.args, code, stderr.String(), tt.want)
		}
	}
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
		{[]string{"synth", "-o", t.TempDir(), "more"}, `unexpected argument "more"; reportgen synth takes only flags`},
		{[]string{"synth", "-o", filepath.Join(file, "sub"), "--flows", "10000"}, "not a directory"},
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
