package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// TestFlippedBits flips bits of files that reportgen wrote and reads again: the outcome is the same, or an error. With
// $FLOWBOOK_FLIPS, `make flips`, it flips that many. Packages test the same of their own files: the cell cache, the
// spool of alerts and the answers to queries.
func TestFlippedBits(t *testing.T) {
	if testing.Short() {
		t.Skip("damages hundreds of files: skipped with -short")
	}
	flips := 25
	if n, err := strconv.Atoi(os.Getenv("FLOWBOOK_FLIPS")); err == nil {
		flips = n
	}
	t.Chdir(t.TempDir())
	t.Setenv("FLOWBOOK_CACHE", mustAbs(t, "cache"))
	day := func(n int) string {
		return testenv.Path(t, "testdata", "fortnight", fmt.Sprintf("date=2024-03-%02d", n), "flows.parquet")
	}
	detect := []string{"detect", "--baseline", day(8), "--test", day(9), "--format", "json"}
	for _, tt := range []struct {
		name    string
		prepare []string
		file    string // the first file of this pattern is damaged
		outcome func(t *testing.T) (string, error)
	}{
		{"cached profile", detect, "cache/*.profile", outcomeOf(detect...)},
		{
			"profile", []string{"profile", day(9), "-o", "day.profile"}, "day.profile",
			outcomeOf("detect", "--baseline", day(8), "--test", "day.profile", "--format", "json"),
		},
		{"document of a report", []string{"run", "--to", "md"}, "report/document.json", documentOf},
		{
			"list of imported logs", []string{"import", "--from", "csv", "--map", "timestamp=ts", "--into", "days", "a.csv", "b.csv"}, "days/.flowbook/logs",
			flowsOf("import", "--from", "csv", "--map", "timestamp=ts", "--into", "days", "a.csv"),
		},
		{"open connections", []string{"import", "--from", "vpc", "--into", "going", "1.log"}, "going/.flowbook/open", continuedFlows},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const piece = "2 1 eni-1 10.0.0.1 192.0.2.1 50000 443 6 9 100 %d %d ACCEPT OK\n"
			row := "ts,src_ip,dst_ip,proto,port,up_bytes,down_bytes\n2024-04-18 10:00:00,10.0.0.1,192.0.2.1,tcp,443,1,%d\n"
			testenv.WriteFiles(t, ".", map[string]string{
				"a.csv": fmt.Sprintf(row, 1), "b.csv": fmt.Sprintf(row, 2), "1.log": fmt.Sprintf(piece, 1713531600, 1713531660), "2.log": fmt.Sprintf(piece, 1713531660, 1713531720),
				"notebooks/a.ipynb":                `{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Flows\n\nThere were 12,345 flows.\n\n| a | b |\n|--|--|\n| 1 | 2 |"}], "metadata": {"kernelspec": {"name": "none", "display_name": "n", "language": "n"}}, "nbformat": 4, "nbformat_minor": 5}`,
				"jupyter/kernels/none/kernel.json": `{"argv": ["false"], "display_name": "none", "language": "n"}`,
			})
			t.Setenv("JUPYTER_PATH", mustAbs(t, "jupyter"))
			mustRun(t, tt.prepare...)
			want, err := tt.outcome(t)
			if err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(tt.file)
			good, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 16))
			refused := 0
			for range flips {
				flipped := bytes.Clone(good)
				at, bit := rng.IntN(len(good)), rng.IntN(8)
				flipped[at] ^= 1 << bit
				if err := os.WriteFile(files[0], flipped, 0o600); err != nil {
					t.Fatal(err)
				}
				switch got, err := tt.outcome(t); {
				case err != nil:
					refused++
				case got != want:
					t.Errorf("byte %d, bit %d (-whole +flipped):\n%.2000s", at, bit, cmp.Diff(want, got))
				}
			}
			t.Logf("%s: %d flipped bits, %d refused, otherwise the same outcome", tt.name, flips, refused)
		})
	}
}

// outcomeOf returns what a command prints, or its error.
func outcomeOf(args ...string) func(t *testing.T) (string, error) {
	return func(t *testing.T) (string, error) {
		t.Helper()
		status, stdout, stderr := reportgen(t, args...)
		if status == exit.BadInput {
			return "", fmt.Errorf("%s", stderr)
		}
		if status != exit.Done {
			t.Errorf("status %d: %s", status, stderr)
		}
		return stdout, nil
	}
}

// documentOf returns the document of the report, or its error.
func documentOf(*testing.T) (string, error) {
	d, err := report.ReadDocument("report")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = document.Encode(&b, d)
	return b.String(), err
}

// continuedFlows returns the flows of a copy of the folder of days after a second import.
func continuedFlows(t *testing.T) (string, error) {
	t.Helper()
	if err := errors.Join(os.RemoveAll("copy"), os.CopyFS("copy", os.DirFS("going"))); err != nil {
		t.Fatal(err)
	}
	if _, err := outcomeOf("import", "--from", "vpc", "--into", "copy", "2.log")(t); err != nil {
		return "", err
	}
	return outcomeOf("query", "copy/date=2024-04-19", "--by", "src_ip,dst_ip", "--sum", "up_bytes", "--count", "--format", "csv")(t)
}

// flowsOf returns the flow files of the folder of days after an import that adds none.
func flowsOf(args ...string) func(t *testing.T) (string, error) {
	return func(t *testing.T) (string, error) {
		t.Helper()
		if _, err := outcomeOf(args...)(t); err != nil {
			return "", err
		}
		files, err := filepath.Glob("days/date=*/*.parquet")
		return strings.Join(files, " "), err
	}
}
