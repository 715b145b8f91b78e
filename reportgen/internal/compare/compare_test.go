package compare

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// folder makes a folder of a report whose files hold the given texts.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	var b bytes.Buffer
	d := &document.Document{Title: "T", Blocks: []document.Block{document.Prose{Text: text(files["report.md"])}}}
	if err := document.Encode(&b, d); err != nil {
		t.Fatal(err)
	}
	if _, there := files["document.json"]; !there {
		files["document.json"] = b.String()
	}
	testenv.WriteFiles(t, dir, files)
	return dir
}

func TestReports(t *testing.T) {
	const notebook = `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "x", "execution_count": 1, "outputs": [{"output_type": "stream", "name": "stdout", "text": "<A at 0x7f0000000001>"}]}]}`
	for _, tt := range []struct {
		name     string
		was, now map[string]string
		stale    bool
		want     []string
	}{
		{"nothing", map[string]string{"report.md": "a"}, map[string]string{"report.md": "a"}, false, []string{" is up to date\n"}},
		{"a text", map[string]string{"report.md": "one host"}, map[string]string{"report.md": "two hosts"}, true,
			[]string{`  text: "one host" → "two hosts"`, "Files that differ: document.json, report.md\n", "The cause is unknown: the report has no sources.json"}},
		{"a file that is new", map[string]string{"report.md": "a"}, map[string]string{"report.md": "a", "figures/x.svg": ""}, true,
			[]string{"The documents are equal, but the files written from them differ.\nFiles that differ: figures/x.svg\n"}},
		{"a file that is gone", map[string]string{"report.md": "a", "figures/x.svg": ""}, map[string]string{"report.md": "a"}, true, []string{"Files that differ: figures/x.svg (no longer written)\n"}},
		{"a foreign file", map[string]string{"report.md": "a", "notes.txt": "x"}, map[string]string{"report.md": "a"}, false, []string{" is up to date\n"}},
		{"what is volatile", map[string]string{"report.md": "at 0x7f0000000001", "notebooks/a.ipynb": notebook},
			map[string]string{"report.md": "at 0x7f0000000002", "notebooks/a.ipynb": strings.Replace(notebook, "0001", "0002", 1)}, false,
			[]string{" is up to date\nFiles that differ only in random identifiers, addresses or timings: document.json, notebooks/a.ipynb, report.md\n"}},
		{"a text beside what is volatile", map[string]string{"report.md": "17", "notebooks/a.ipynb": notebook},
			map[string]string{"report.md": "18", "notebooks/a.ipynb": strings.Replace(notebook, "0001", "0002", 1)}, true,
			[]string{"Files that differ: document.json, report.md\nFiles that differ only in random identifiers, addresses or timings: notebooks/a.ipynb\n"}},
		{"no document", map[string]string{"report.md": "a"}, map[string]string{"report.md": "b"}, true, []string{"What changed in the text is unknown: the report has no document.json"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			was, now := folder(t, tt.was), folder(t, tt.now)
			if tt.name == "no document" {
				if err := os.Remove(filepath.Join(was, "document.json")); err != nil {
					t.Fatal(err)
				}
			}
			var b bytes.Buffer
			stale, err := reports(&b, was, now, "")
			if err != nil || stale != tt.stale {
				t.Errorf("stale %v, %v", stale, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("no %q in\n%s", want, &b)
				}
			}
		})
	}
}
