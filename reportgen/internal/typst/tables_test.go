package typst_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/svg"
)

// The caption above a table is on the page on which the table begins, and a short table is on one page.
func TestCaptionStaysWithTable(t *testing.T) {
	d := &document.Document{Lang: "en", Title: "T"}
	for n := range 24 {
		table := &document.Table{ID: fmt.Sprint("tbl-", n), Number: "1", Caption: document.NewParser().ParseLine("ACAPTION"), Columns: []document.Column{{Title: "AHEADER"}}}
		for range 12 {
			table.Rows = append(table.Rows, []document.Value{{Text: "row", Raw: "row"}})
		}
		text := document.NewParser().Parse(strings.Repeat("A line of its own.\n\n", 20+n))
		d.Blocks = append(d.Blocks, &document.Heading{Depth: 1, ID: fmt.Sprint("s", n), Text: document.NewParser().ParseLine("Section")}, document.Prose{Text: text}, table)
	}
	captions := 0
	path := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(path, compiled(t, d), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, page := range rendertest.Pages(t, path) {
		for _, part := range strings.SplitAfter(page, "ACAPTION")[1:] {
			captions++
			if !strings.HasPrefix(strings.TrimSpace(part), "AHEADER") {
				t.Errorf("after a caption comes %.40q", part)
			}
			if rows := strings.Count(part, "row"); rows != 12 {
				t.Errorf("%d of 12 rows are on the page of their caption", rows)
			}
		}
	}
	if captions < 24 {
		t.Errorf("%d captions", captions)
	}
}

// The caption below a picture is on its page, wherever on a page the picture is.
func TestCaptionStaysWithPicture(t *testing.T) {
	d := &document.Document{Title: "A"}
	for i := range 24 {
		drawn, err := svg.Parse(fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><text x="9" y="20">picture %d.</text></svg>`, i))
		if err != nil {
			t.Fatal(err)
		}
		d.Blocks = append(d.Blocks,
			&document.Heading{Depth: 1, ID: fmt.Sprint("s", i), Text: document.NewParser().ParseLine("Section")},
			document.Prose{Text: document.NewParser().Parse(strings.Repeat("A line of its own.\n\n", 15+i))},
			&document.Figure{ID: fmt.Sprint("fig-", i), Number: "1", Picture: &document.Picture{Alt: "a picture", Vector: drawn, Name: fmt.Sprint("p", i)},
				Caption: document.NewParser().ParseLine(fmt.Sprintf("Caption %d.", i))})
	}
	stayTogether(t, d, 24, "picture %d.", "Caption %d.")
}

// stayTogether prints a document and compares the pages of two texts that are numbered from 0 to n-1: each pair is on
// one page.
func stayTogether(t *testing.T, d *document.Document, n int, first, second string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, compiled(t, d), 0o600); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for number, page := range rendertest.Pages(t, path) {
		for i := range n {
			if has := strings.Contains(page, fmt.Sprintf(first, i)); has != strings.Contains(page, fmt.Sprintf(second, i)) {
				t.Errorf("page %d: %q or %q is alone", number+1, fmt.Sprintf(first, i), fmt.Sprintf(second, i))
			} else if has {
				seen++
			}
		}
	}
	if seen != n {
		t.Errorf("%d pairs on one page, want %d", seen, n)
	}
}

// A paragraph that introduces a list is on the page where the list begins.
func TestIntroductionStaysWithList(t *testing.T) {
	var text strings.Builder
	for i := range 90 {
		text.WriteString(strings.Repeat("A line of its own.\n\n", 34))
		fmt.Fprintf(&text, "Introduction %d:\n\n- item %d.\n- more\n\n", i, i)
	}
	d := &document.Document{Title: "A", Blocks: []document.Block{document.Prose{Text: document.NewParser().Parse(text.String())}}}
	stayTogether(t, d, 90, "Introduction %d:", "item %d.")
}

// TestWideTable: a wide table is on a page in landscape, under its heading, and what follows is on one in portrait.
func TestWideTable(t *testing.T) {
	p := document.NewParser()
	wide := &document.Table{ID: "tbl-wide", Number: "1.1", Caption: p.ParseLine("Turned"), Rows: [][]document.Value{nil}}
	for i := range 16 {
		wide.Columns = append(wide.Columns, document.Column{Title: fmt.Sprint("column ", i)})
		wide.Rows[0] = append(wide.Rows[0], document.Value{Text: "0123456789"})
	}
	d := &document.Document{Lang: "en", Title: "Wide", Blocks: []document.Block{
		&document.Heading{Depth: 1, ID: "first", Text: p.ParseLine("First")}, document.Prose{Text: p.Parse("upright")},
		&document.Heading{Depth: 2, ID: "second", Text: p.ParseLine("Second")}, wide, document.Prose{Text: p.Parse("after")},
	}}
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, compiled(t, d), 0o666); err != nil {
		t.Fatal(err)
	}
	tool := testenv.Program(t, "pdftotext", "poppler-utils")
	boxes, err := exec.CommandContext(t.Context(), tool, "-bbox", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, page := range strings.Split(string(boxes), "<page ")[1:] {
		words := strings.Join(regexp.MustCompile(`>(upright|Second|Turned|after)<`).FindAllString(page, -1), "")
		pages = append(pages, page[:len(`width="841`)]+words)
	}
	if got, want := strings.Join(pages[2:], "\n"), "width=\"595>upright<\nwidth=\"841>Second<>Turned<\nwidth=\"595>after<"; got != want {
		t.Errorf("pages\n%s\nwant\n%s", got, want)
	}
}

// A table that no page takes side by side is printed in parts that begin with its first column, from rows and from HTML: all
// words are within the page, and none is printed over another.
func TestSplitTable(t *testing.T) {
	const columns, cell = 30, "0123456789"
	wide := &document.Table{ID: "tbl-wide", Number: "1.1", Rows: [][]document.Value{nil}}
	heads, cells := "<th>host</th>", "<th>192.0.2.1</th>"
	for i := range columns {
		wide.Columns = append(wide.Columns, document.Column{Title: fmt.Sprint("column ", i)})
		wide.Rows[0] = append(wide.Rows[0], document.Value{Text: cell})
		heads, cells = heads+fmt.Sprint("<th>column ", i, "</th>"), cells+"<td>"+cell+"</td>"
	}
	page := &document.HTML{Fragment: document.Fragment{Pieces: []document.Piece{{Markup: "<table><tr>" + heads + "</tr><tr>" + cells + "</tr></table>"}}}}
	name := filepath.Join(t.TempDir(), "report.pdf")
	d := &document.Document{Lang: "en", Title: "Wide", Blocks: []document.Block{wide, page}}
	if err := os.WriteFile(name, compiled(t, d), 0o666); err != nil {
		t.Fatal(err)
	}
	boxes, err := exec.CommandContext(t.Context(), testenv.Program(t, "pdftotext", "poppler-utils"), "-bbox", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	found, repeated := 0, strings.Count(string(boxes), ">192.0.2.1<")
	for _, page := range strings.Split(string(boxes), "<page ")[1:] {
		var words [][4]float64
		for _, m := range boxOfWord.FindAllStringSubmatch(page, -1) {
			var b [4]float64
			for i := range b {
				b[i], _ = strconv.ParseFloat(m[i+1], 64)
			}
			for _, o := range words {
				if b[0] < o[2]-1 && o[0] < b[2]-1 && b[1] < o[3]-3 && o[1] < b[3]-3 {
					t.Errorf("%q is printed over another word", m[5])
				}
			}
			if strings.HasPrefix(page, `width="595`) && b[2] > 595-50 {
				t.Errorf("%q is beyond the margin", m[5])
			}
			words = append(words, b)
			if m[5] == cell {
				found++
			}
		}
	}
	if found < 2*columns || repeated < 2 {
		t.Errorf("%d cells, the first column %d times", found, repeated)
	}
}

// boxOfWord matches a word and its place, as pdftotext prints it.
var boxOfWord = regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>`)
