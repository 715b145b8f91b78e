package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
)

// TestRunPrints writes a report that cites in every format, twice, with the
// real kernel and browser.
func TestRunPrints(t *testing.T) {
	rendertest.Browser(t)
	t.Setenv("SOURCE_DATE_EPOCH", "1713614400")
	notebookFolder(t, map[string]string{
		"notebooks/a.ipynb":     goNotebook(t, "First, after [@rita]", "var limit = 1", "%%\nprintln(limit)"),
		"notebooks/report.yaml": "title: Two\nbibliography: refs.bib\n",
		"notebooks/refs.bib":    "@misc{rita, title = {Beacons}}",
	})
	first := "--to=html,md,pdf,site"
	mustRun(t, "run", first, "-o", "a", "notebooks")
	mustRun(t, "run", first, "-o", "b", "notebooks")
	was, now := testenv.Tree(t, "a"), testenv.Tree(t, "b")
	for _, name := range []string{"index.html", "report.md", "report.pdf", "site/index.html", "site/1-first-after-1.html", "site/sources.html"} {
		if was[name] == "" || was[name] != now[name] {
			t.Errorf("%s is missing, or two runs give different bytes", name)
		}
	}
	for name, want := range map[string]string{
		"index.html": "20 April 2024", "report.md": "“Beacons.”", "report.pdf": "/CreationDate (D:20240420120000+00'00')", "site/sources.html": "“Beacons.”",
	} {
		if !strings.Contains(was[name], want) {
			t.Errorf("%s has no %s", name, want)
		}
	}
}

// TestDocumentRefused: an error that keeps a document from being written is reported before
// any cell runs.
func TestDocumentRefused(t *testing.T) {
	notebook := goNotebook(t, "First", "var limit = 1")
	for _, test := range []struct {
		name  string
		files map[string]string
		env   [2]string
		args  []string
		want  string
	}{
		{"no such bibliography", map[string]string{"report.yaml": "bibliography: [none.bib]"}, [2]string{}, nil, "none.bib: no such file"},
		{"bibliography elsewhere", map[string]string{"report.yaml": "bibliography: ../refs.bib"}, [2]string{}, nil, `bibliography "../refs.bib": not below the folder of report.yaml`},
		{"bad date", nil, [2]string{"SOURCE_DATE_EPOCH", "yesterday"}, nil, "SOURCE_DATE_EPOCH=yesterday: not a number of seconds since 1970"},
		{"no browser", nil, [2]string{browser.Variable, "/nowhere"}, []string{"--to", "pdf"}, "FLOWBOOK_CHROMIUM=/nowhere: not an executable"},
		{"no format", nil, [2]string{}, []string{"--to", "docx"}, "want html, md, ipynb, pdf, site, typst or email"},
	} {
		t.Run(test.name, func(t *testing.T) {
			notebookFolder(t, map[string]string{"notebooks/a.ipynb": notebook})
			testenv.WriteFiles(t, "notebooks", test.files)
			if test.env[0] != "" {
				t.Setenv(test.env[0], test.env[1])
			}
			var out, errs bytes.Buffer
			status := run(t.Context(), append([]string{"run", "-o", "out", "notebooks"}, test.args...), &out, &errs)
			if status != exit.BadInput || !strings.Contains(errs.String(), test.want) {
				t.Errorf("status %d, want 2 and %q\n%s", status, test.want, errs.String())
			}
			if got, _ := filepath.Glob("out*"); len(got) > 0 {
				t.Errorf("%v was written", got)
			}
		})
	}
}
