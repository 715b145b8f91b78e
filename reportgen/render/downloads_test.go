package render_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// TestDownloads writes the rows of a table and of a figure, and a file of the project, beside the report.
func TestDownloads(t *testing.T) {
	rows := `{"schema":{"fields":[{"name":"host","type":"string"},{"name":"note","type":"string"},{"name":"bytes","type":"integer"}]},` +
		`"data":[{"host":"192.0.2.1","note":"=1+1","bytes":1200},{"host":"192.0.2.2","note":"a, \"b\"","bytes":null}],"text":[["192.0.2.1","=1+1","1.2 kB"],["192.0.2.2","a","–"]]}`
	in := notebook(
		markdownCell("---\ndownloads:\n  - id: tbl-a\n    title: Hosts\n    filename: hosts.csv\n  - fig-b\n  - file: raw.csv\n  - {url: 'https://example.org/a', title: More}\n---\n\n# A\n\n[raw](raw.csv)"),
		codeCell("x", displayed(map[string]any{"application/vnd.dataresource+json": rows}, map[string]any{"kind": "table", "label": "tbl-a", "caption": "A"})),
		codeCell("x", displayed(map[string]any{"image/svg+xml": bar, "application/vnd.dataresource+json": rows}, map[string]any{"kind": "figure", "label": "fig-b", "caption": "B", "alt": "a bar"})),
	)
	in.Files = fstest.MapFS{"raw.csv": {Data: []byte("1,2\n")}}
	files := map[string]string{}
	d, warnings, err := render.Build([]render.Input{in}, render.Options{Attach: func(name string, data []byte) error {
		files[name] += string(data)
		return nil
	}})
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	table := "host,note,bytes\n192.0.2.1,'=1+1,1200\n192.0.2.2,\"a, \"\"b\"\"\",\n"
	objects := "[\n {\n  \"bytes\": 1200,\n  \"host\": \"192.0.2.1\",\n  \"note\": \"=1+1\"\n },\n {\n  \"bytes\": null,\n  \"host\": \"192.0.2.2\",\n  \"note\": \"a, \\\"b\\\"\"\n }\n]\n"
	if diff := cmp.Diff(map[string]string{"tbl-a.csv": table, "tbl-a.json": objects, "fig-b.csv": table, "fig-b.json": objects, "raw.csv": "1,2\n"}, files); diff != "" {
		t.Errorf("files (-want +got): %s", diff)
	}
	dir := t.TempDir()
	if err := render.WriteSite(dir, d); err != nil {
		t.Fatal(err)
	}
	site, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	md, _ := markdown(t, d)
	for text, want := range map[string]string{
		page(t, d): `Downloads: <a href="files/tbl-a.csv" download="hosts.csv">Hosts (CSV)</a>, <a href="files/tbl-a.json" download="hosts.json">Hosts (JSON)</a>, ` +
			`<a href="files/fig-b.csv" download="">fig-b (CSV)</a>, <a href="files/fig-b.json" download="">fig-b (JSON)</a>, <a href="files/raw.csv" download="">raw.csv</a>, <a href="https://example.org/a" download="">More</a>`,
		string(site): `<a href="../files/tbl-a.csv" download="hosts.csv">Hosts (CSV)</a>`,
		md:           "Downloads: [Hosts (CSV)](<files/tbl-a.csv>), [Hosts (JSON)](<files/tbl-a.json>)",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %.3000s", want, text)
		}
	}
	if !strings.Contains(md, "files/tbl-a.csv | ") {
		t.Errorf("the report does not list the file with its SHA-256:\n%s", md)
	}
}

// TestDownloadFaults: what cannot be saved is a problem that names it.
func TestDownloadFaults(t *testing.T) {
	for _, tt := range []struct {
		download render.Download
		want     string
	}{
		{render.Download{ID: "tbl-x"}, "tbl-x: no table or figure has this label"},
		{render.Download{ID: "fig-b"}, "fig-b: its rows are not in the notebook as data"},
		{render.Download{File: "none.csv"}, `"none.csv": the file is not part of the report: file does not exist`},
		{render.Download{File: "../a"}, `"../a": the file is not part of the report: not in the project of the notebook`},
	} {
		in := notebook(markdownCell("# A"), codeCell("//| label: fig-b\n//| fig-cap: B\n//| fig-alt: a bar\nx", displayed(map[string]any{"image/svg+xml": bar}, nil)))
		in.Files = fstest.MapFS{}
		_, _, err := render.Build([]render.Input{in}, render.Options{Downloads: []render.Download{tt.download}, Attach: func(string, []byte) error { return nil }})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.download, err, tt.want)
		}
	}
	for source, want := range map[string]string{
		"---\ndownloads: [{title: a}]\n---":            "downloads: 1: has 0 of id, file and url, want one (ignored)",
		"---\ndownloads: [{id: a, file: b}]\n---":      "downloads: 1: has 2 of id, file and url, want one (ignored)",
		"---\ndownloads: [{url: 'javascript:a'}]\n---": `downloads: 1: url "javascript:a" is not an address (ignored)`,
	} {
		_, warnings, err := render.Build([]render.Input{notebook(&nbformat.Cell{Type: nbformat.Raw, Source: source}, markdownCell("# A"))}, render.Options{})
		if err != nil || len(warnings) == 0 || !strings.Contains(warnings[0].String(), want) {
			t.Errorf("%q: %v, warnings %v, want %q", source, err, warnings, want)
		}
	}
}
