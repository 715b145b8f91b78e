package pdf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// document is a report with a table that no page holds whole.
func newDocument(t *testing.T) *document.Document {
	t.Helper()
	var rows, text []string
	for i := range 150 {
		rows = append(rows, fmt.Sprintf(`{"n":%d,"s":"x"}`, i))
		text = append(text, fmt.Sprintf(`["row %d begins","and row %d ends, after text that is long enough for a second line in a column of this width, as some are"]`, i, i))
	}
	table := `{"schema":{"fields":[{"name":"n","type":"string"},{"name":"s","type":"string"}]},"data":[` + strings.Join(rows, ",") + `],"text":[` + strings.Join(text, ",") + `]}`
	cell := func(kind, source string, outputs ...*nbformat.Output) *nbformat.Cell {
		return &nbformat.Cell{Type: kind, Source: source, Outputs: outputs}
	}
	inputs := []render.Input{
		{Name: "1.ipynb", Notebook: &nbformat.Notebook{Cells: []*nbformat.Cell{
			cell(nbformat.Markdown, "# Überblick \"first\" \\<b>\n\nSee @tbl-long and @sec-end.\n\n## Details\n\n$x^2$ [^n]\n\n[^n]: A note."),
			cell(nbformat.Code, "table()", &nbformat.Output{Type: nbformat.DisplayData,
				Data:     map[string]any{"application/vnd.dataresource+json": table},
				Metadata: map[string]any{"reportgen": map[string]any{"kind": "table", "label": "tbl-long", "caption": "A long table."}}}),
		}}},
		{Name: "2.ipynb", Notebook: &nbformat.Notebook{Cells: []*nbformat.Cell{cell(nbformat.Markdown, "# The end {#sec-end}\n\nText.")}}},
	}
	d, _, err := render.Build(inputs, render.Options{Title: "Title (draft)", Authors: []string{"Ada"}, Abstract: "Short."})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(t *testing.T, d *document.Document, o pdf.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	err := pdf.Write(t.Context(), &b, d, o)
	if errors.Is(err, browser.ErrNotFound) {
		t.Skipf("nothing is printed: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWrite prints a report and looks at the pages' text with poppler.
func TestWrite(t *testing.T) {
	d := newDocument(t)
	o := pdf.Options{Time: time.Date(2024, 4, 20, 12, 0, 0, 0, time.UTC)}
	data := write(t, d, o)
	if again := write(t, d, o); !bytes.Equal(data, again) {
		t.Error("two printings differ")
	}
	for _, want := range []string{"/CreationDate (D:20240420120000+00'00')", "/ModDate (D:20240420120000+00'00')", "/StructTreeRoot", "/Marked true", "/Outlines", "/Lang (en)", "/Creator (Flowbook reportgen, Chrome/"} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("the file has no %s", want)
		}
	}
	if bytes.Contains(data, []byte("HeadlessChrome")) {
		t.Error("the file names the browser and its machine")
	}
	tool := testenv.Program(t, "pdftotext", "poppler-utils")
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), tool, "-layout", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	checkPages(t, strings.Split(strings.TrimSuffix(string(text), "\f"), "\f"))
}

func checkPages(t *testing.T, pages []string) {
	t.Helper()
	if len(pages) < 6 {
		t.Fatalf("the report has %d pages", len(pages))
	}
	end := len(pages)
	for i, page := range pages {
		if strings.Contains(page, "2 The end") && strings.Contains(page, "Text.") {
			end = i + 1
		}
		// A row's text stands in two lines: both are on the page on which it begins.
		for _, m := range regexp.MustCompile(`row (\d+) begins`).FindAllStringSubmatch(page, -1) {
			if !strings.Contains(page, "row "+m[1]+" ends") || strings.Count(page, "begins") != strings.Count(page, "as some") {
				t.Errorf("page %d cuts row %s", i+1, m[1])
			}
		}
		if n := fmt.Sprint(i + 1); i > 0 && strings.TrimSpace(page[strings.LastIndex(strings.TrimRight(page, "\n"), "\n")+1:]) != n {
			t.Errorf("page %d does not end with its number", i+1)
		}
		if i > 1 && !strings.Contains(strings.SplitN(strings.TrimLeft(page, "\n"), "\n", 2)[0], "Title (draft)") {
			t.Errorf("page %d has no running head: %.100q", i+1, page)
		}
	}
	if !regexp.MustCompile(fmt.Sprintf(`2\s+The end\s+%d\n`, end)).MatchString(pages[1]) {
		t.Errorf("the contents do not say that section 2 is on page %d:\n%s", end, pages[1])
	}
	if !strings.Contains(pages[2], `1 Überblick "first" <b>`) {
		t.Errorf("no running head of the section:\n%.300s", pages[2])
	}
}

func TestNoBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(browser.Variable, "")
	d := &document.Document{}
	if err := pdf.Write(t.Context(), io.Discard, d, pdf.Options{}); !errors.Is(err, browser.ErrNotFound) || !strings.Contains(err.Error(), "install one") {
		t.Errorf("got %v", err)
	}
	t.Setenv(browser.Variable, "/nowhere/chromium")
	if err := pdf.Write(t.Context(), io.Discard, d, pdf.Options{}); err == nil || !strings.Contains(err.Error(), "FLOWBOOK_CHROMIUM=/nowhere/chromium names no program") {
		t.Errorf("got %v", err)
	}
}
