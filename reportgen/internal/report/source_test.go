package report

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/execute"
)

const emptyNotebook = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}`

func TestFindSource(t *testing.T) {
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{
		"notebooks/a.ipynb": emptyNotebook, "notebooks/b.ipynb": emptyNotebook, "notebooks/notes.txt": "",
		"listed/report.yaml": "notebooks: [z.ipynb, y.ipynb]\n", "listed/x.ipynb": emptyNotebook,
	})
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"notebooks/report.yaml", "notebooks/a.ipynb", "notebooks/b.ipynb"}},
		{[]string{"notebooks"}, []string{"notebooks/report.yaml", "notebooks/a.ipynb", "notebooks/b.ipynb"}},
		{[]string{"listed"}, []string{"listed/report.yaml", "listed/z.ipynb", "listed/y.ipynb"}},
		{[]string{"listed/x.ipynb", "notebooks"}, []string{"listed/report.yaml", "listed/x.ipynb", "notebooks/a.ipynb", "notebooks/b.ipynb"}},
	} {
		s, err := FindSource(tt.args)
		if err != nil {
			t.Errorf("%v: %v", tt.args, err)
			continue
		}
		if diff := cmp.Diff(tt.want, s.Files()); diff != "" {
			t.Errorf("%v: %s", tt.args, diff)
		}
	}
}

// Numbers in names count by their value.
func TestCompareNatural(t *testing.T) {
	want := []string{"", "1.ipynb", "02-b.ipynb", "2-b.ipynb", "2-c10.ipynb", "3-a.ipynb", "10-a.ipynb", "99999999999999999999999", "100000000000000000000000", "a", "a1b2", "a1b10", "a2", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareNatural)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Parameters of the command line win, and paths are shown by names that differ.
func TestParameters(t *testing.T) {
	t.Chdir(t.TempDir())
	testenv.WriteFiles(t, ".", map[string]string{
		"n/report.yaml": "parameters: {limit: 7, day: one/day.csv, label: none.csv}\n", "n/a.ipynb": emptyNotebook, "n/one/day.csv": "", "two/day.csv": "",
		"two/p.yaml": "limit: 9\nlist: [\"a,b\", {c: 010}]\nnear: day.csv\n",
	})
	s, err := FindSource([]string{"n"})
	if err != nil {
		t.Fatal(err)
	}
	params, err := s.parameters(Options{
		ParameterFiles: []string{"two/p.yaml"}, Parameters: []string{"limit=8", "other=two/day.csv", "text=a=b", "raw=1"}, RawParameters: []string{"raw=[1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range params {
		got[p.Name] = shown(p)
	}
	want := map[string]string{"limit": "8", "day": "one/day.csv", "other": "two/day.csv", "label": "none.csv", "text": "a=b",
		"raw": "[1", "list": "[a,b {c: 010}]", "near": "two/day.csv"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if pairs := hiddenPaths(params); len(pairs) != 6 || !filepath.IsAbs(pairs[0]) {
		t.Errorf("hidden paths %v", pairs)
	}
}

// Sources have no path of the machine.
func TestPortable(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	testenv.WriteFiles(t, ".", map[string]string{"go.mod": "module m\n", "notebooks/a.ipynb": emptyNotebook})
	got := portable([]execute.Source{
		{Kind: execute.KindFile, Name: filepath.Join(root, "data", "day.csv")},
		{Kind: execute.KindFile, Name: "/elsewhere/one/day.csv"},
		{Kind: execute.KindFile, Name: "/elsewhere/two/day.csv"},
		{Kind: execute.KindEnvironment, Name: "HOME"},
	}, filepath.Join(root, "notebooks"))
	var names []string
	for _, s := range got {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"data/day.csv", "one/day.csv", "two/day.csv", "HOME"}, names); diff != "" {
		t.Error(diff)
	}
}
