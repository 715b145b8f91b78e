package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// A PDF holds while the same browser prints the same bytes. Of another browser's it
// is said that it is, and the document is compared; a site is read as it is paged.
func TestCheckPDFAndSite(t *testing.T) {
	rendertest.Browser(t)
	notebookFolder(t, map[string]string{
		"notebooks/a.ipynb":     goNotebook(t, "First", "var limit = 1", "%%\nfmt.Println(\"limit\", limit)"),
		"notebooks/report.yaml": "title: Two\n",
	})
	mustRun(t, "run", "--to=pdf,site", "-o", "report", "notebooks")
	made := testenv.Tree(t, "report")[report.PDFName]
	is, ok := pdf.ReadMade([]byte(made))
	if !ok {
		t.Fatal("the PDF does not say how it was made")
	}
	edited := func(from, to string) func() {
		return func() {
			testenv.WriteFiles(t, "report", map[string]string{report.PDFName: strings.Replace(made, from, to, 1)})
		}
	}
	for _, tt := range []struct {
		name   string
		change func()
		args   []string
		status int
		want   []string
	}{
		{"nothing", func() {}, nil, exit.Done, []string{"report is up to date\n"}},
		{"a parameter", func() {}, []string{"-p", "limit=5"}, exit.Stale,
			[]string{"1 First\n", `output: "limit 1" → "limit 5"`, "Files that differ: document.json, site/1-first.html, site/search.js, site/sources.html, report.pdf\n"}},
		{"the browser", edited(is.Browser, "Chrome/1.0"+strings.Repeat("0", len(is.Browser)-10)), nil, exit.Done,
			[]string{"report is up to date\nreport.pdf: pages not compared, because Chrome/1.00", " printed it and the browser here is " + is.Browser + "; the printed document is up to date\n"}},
		{"the browser and a parameter", func() {}, []string{"-p", "limit=5"}, exit.Stale,
			[]string{"the browser here is " + is.Browser + "; the printed document is stale\n"}},
		{"the PDF", edited("/CreationDate (D:1970", "/CreationDate (D:1971"), nil, exit.Stale,
			[]string{"Files that differ: report.pdf\n", "the same browser (" + is.Browser + ") printed the same document, but the bytes differ"}},
		{"another PDF", edited("Flowbook reportgen", "Something other..."), nil, exit.Stale,
			[]string{"report.pdf: damaged, or not printed by reportgen; print it again\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.change()
			status, stdout, stderr := reportgen(t, append([]string{"check", "report", "notebooks"}, tt.args...)...)
			if status != tt.status {
				t.Errorf("status %d, want %d\n%s", status, tt.status, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
		})
	}
	t.Run("the PDF alone", func(t *testing.T) {
		edited("", "")()
		if err := os.RemoveAll(filepath.Join("report", "site")); err != nil {
			t.Fatal(err)
		}
		status, stdout, _ := reportgen(t, "check", "report", "notebooks", "-p", "limit=5")
		if want := "Files that differ: document.json, report.pdf\nBecause:\n"; status != exit.Stale || !strings.Contains(stdout, want) {
			t.Errorf("status %d, %s", status, stdout)
		}
	})
}
