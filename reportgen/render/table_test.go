package render_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestTableOnPhone: on a narrow screen a column of prose stays wide enough to be
// read, one of short texts takes no more than it needs, and no text is cut.
func TestTableOnPhone(t *testing.T) {
	const reason = "uploaded 1.19 GB to an address that the baseline day does not have, 310 times its own baseline"
	table := fmt.Sprintf(`{"schema":{"fields":[{"name":"Host","type":"string"},{"name":"Protocol","type":"string"},{"name":"Flows","type":"integer"},{"name":"Reason","type":"string"}]},
		"data":[{"Host":"192.168.100.1","Protocol":"tcp","Flows":120,"Reason":%q},{"Host":"192.168.100.2","Protocol":"udp","Flows":1,"Reason":"short"}]}`, reason)
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Hosts"),
		codeCell("show()", displayed(map[string]any{"application/vnd.dataresource+json": table}, map[string]any{"kind": "table", "caption": "Hosts"}))}}
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, []byte(page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{}))), 0o666); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, path)
	p.Show("light", 375)
	widths := rendertest.Evaluate[[]float64](p, `[...document.querySelector("table.data tbody tr").cells].map((c) => c.getBoundingClientRect().width / parseFloat(getComputedStyle(document.documentElement).fontSize))`)
	if len(widths) != 4 || widths[1] > 6 || widths[3] < 14 {
		t.Errorf("the columns are %.1f rem wide", widths)
	}
	for _, problem := range p.Problems() {
		t.Error(problem)
	}
}

// TestCSV: what is saved or copied of a table is no formula in a spreadsheet, and
// numbers stay numbers.
func TestCSV(t *testing.T) {
	const table = `{"schema":{"fields":[{"name":"Host","type":"string"},{"name":"Change","type":"number"}]},
		"data":[{"Host":"=HYPERLINK(\"https://example.org\",\"x\")","Change":-1.5},{"Host":"@x","Change":2},{"Host":"a, \"b\"","Change":3}]}`
	nb := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{markdownCell("# Hosts"),
		codeCell("show()", displayed(map[string]any{"application/vnd.dataresource+json": table}, map[string]any{"kind": "table", "caption": "Hosts"}))}}
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, []byte(page(t, build(t, []render.Input{{Name: "a.ipynb", Notebook: nb}}, render.Options{}))), 0o666); err != nil {
		t.Fatal(err)
	}
	p := rendertest.Open(t, path)
	p.Show("light", 1280)
	got := rendertest.Evaluate[string](p, `new Promise((done) => {
		URL.createObjectURL = (b) => { b.text().then(done); return "data:,"; };
		HTMLAnchorElement.prototype.click = () => {};
		document.querySelector("figure.table .tools button:nth-child(2)").click();
	})`)
	const want = "Host,Change\n\"'=HYPERLINK(\"\"https://example.org\"\",\"\"x\"\")\",-1.5\n'@x,2\n\"a, \"\"b\"\"\",3\n"
	if got != want {
		t.Errorf("saved %q, want %q", got, want)
	}
}
