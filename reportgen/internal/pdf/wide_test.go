package pdf_test

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
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// wideTable is a table of numbers that no page takes side by side, as a data
// resource and as HTML, and the numbers.
func wideTable(columns int) (resource, page string, numbers []string) {
	fields, values, heads, cells := []string{`{"name":"host","type":"string"}`}, []string{`"host":"192.0.2.1"`}, "<th></th>", "<th>0</th>"
	for i := range columns {
		n := fmt.Sprint(1000001 + 7*i)
		numbers = append(numbers, n)
		fields = append(fields, fmt.Sprintf(`{"name":"measure %d","type":"integer"}`, i))
		values = append(values, fmt.Sprintf(`"measure %d":%s`, i, n))
		heads += fmt.Sprintf("<th>column %d</th>", i)
		cells += "<td>x" + n + "</td>"
	}
	return fmt.Sprintf(`{"schema":{"fields":[%s]},"data":[{%s}]}`, strings.Join(fields, ","), strings.Join(values, ",")),
		"<table border=\"1\" class=\"dataframe\"><tr>" + heads + "</tr><tr>" + cells + "</tr></table>", numbers
}

// word is a word on a page with its place, as pdftotext tells it.
var word = regexp.MustCompile(`<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)</word>`)

// TestWide: what is wider than a page is printed whole, within the margins, and
// the text about it stays as large as it is.
func TestWide(t *testing.T) {
	resource, page, numbers := wideTable(30)
	sum := strings.Repeat("0123456789abcdef", 4)
	show := func(data map[string]any, said any) *nbformat.Cell {
		return &nbformat.Cell{Type: nbformat.Code, Source: "show()", Outputs: []*nbformat.Output{{Type: nbformat.DisplayData, Data: data, Metadata: map[string]any{"reportgen": said}}}}
	}
	nb := &nbformat.Notebook{Cells: []*nbformat.Cell{
		{Type: nbformat.Markdown, Source: "# Title\n\nProse.\n\n| a | b | c |\n|---|---|---|\n|" + strings.Repeat(" "+sum+" |", 3) + "\n\n$$" + strings.Repeat("a + ", 80) + "z$$"},
		show(map[string]any{"application/vnd.dataresource+json": resource}, map[string]any{"kind": "table", "caption": "Wide."}),
		{Type: nbformat.Code, Source: "frame", Outputs: []*nbformat.Output{{Type: nbformat.DisplayData, Data: map[string]any{"text/html": page}}}},
	}}
	d, _, err := render.Build([]render.Input{{Name: "a.ipynb", Notebook: nb, Executed: true}}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, write(t, d, pdf.Options{}), 0o666); err != nil {
		t.Fatal(err)
	}
	tool := testenv.Program(t, "pdftotext", "poppler-utils")
	boxes, err := exec.CommandContext(t.Context(), tool, "-bbox", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	const margin, paper = 59, 595.5 // 2.1 cm and A4's width in points
	printed, text := map[string]bool{}, ""
	for _, m := range word.FindAllStringSubmatch(string(boxes), -1) {
		var at [4]float64
		for i := range at {
			if at[i], err = strconv.ParseFloat(m[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		printed[m[5]], text = true, text+m[5]
		if at[0] < margin-1 || at[2] > paper-margin+1 {
			t.Errorf("%q is printed from %.0f to %.0f, in or beyond the margin", m[5], at[0], at[2])
		}
		if m[5] == "Prose." && at[3]-at[1] < 10 {
			t.Errorf("prose is printed in a size of %.1f points", at[3]-at[1])
		}
	}
	for _, n := range numbers {
		if !printed[n] || !printed["x"+n] {
			t.Errorf("%s is not printed", n)
		}
	}
	if !printed["Prose."] || !strings.Contains(text, "𝑧") {
		t.Errorf("prose or the end of the formula is not printed: %.300s", text)
	}
}
