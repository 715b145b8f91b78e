package render_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// checkWarnings checks that warnings hold a text, or that there are none if it is empty.
func checkWarnings(t *testing.T, warnings []render.Warning, want string) {
	t.Helper()
	var said []string
	for _, w := range warnings {
		said = append(said, w.String())
	}
	if all := strings.Join(said, "\n"); (want == "") != (all == "") || !strings.Contains(all, want) {
		t.Errorf("warnings are %q, want %q", all, want)
	}
}

// TestScripted checks outputs that need scripts: they become pictures, or a box that says
// what is missing, and always a warning.
func TestScripted(t *testing.T) {
	rendertest.Browser(t)
	scripts := t.TempDir()
	testenv.WriteFiles(t, scripts, map[string]string{
		"itables/html/dt_bundle.js":          `export const table = '<svg width="200" height="50"><rect width="200" height="50"/></svg>'`,
		"pydeck/nbextension/static/index.js": `document.write('<svg width="200" height="50"><circle r="40"/></svg>')`,
		"plotly/package_data/plotly.min.js":  `Plotly = {newPlot: async () => ({_fullLayout: {}}), toImage: async () => "data:image/svg+xml,<svg viewBox='0 0 9 9'><text>drawn</text></svg>"}`,
	})
	plotly := map[string]any{"application/vnd.plotly.v1+json": map[string]any{"data": []any{}}}
	for _, tt := range []struct {
		name     string
		data     []map[string]any
		executed bool
		want     string
		warning  string
	}{
		{"chart", []map[string]any{plotly}, false, ">drawn</text>", "an interactive chart (Plotly) is shown as a picture"},
		{"chart with a picture", []map[string]any{{"application/vnd.plotly.v1+json": map[string]any{}, "image/png": pixel}}, false, "data:image/png", ""},
		{"chart without its scripts", []map[string]any{{"application/vnd.vegalite.v5+json": map[string]any{}}}, false, "An output is not shown: an interactive chart (Vega): needs", "an output is omitted"},
		{"HTML that loads a script", []map[string]any{{"text/html": `<div id="x"></div><script src="https://cdn.example.org/x.js"></script>`}}, true, "An output is not shown: interactive HTML: needs https://cdn.example.org/x.js", "an output is omitted"},
		{"HTML that is not trusted", []map[string]any{{"text/html": `text<script src="https://cdn.example.org/x.js"></script>`}}, false, "text", "removed from HTML: <script>"},
		{"Bokeh", []map[string]any{
			{"application/vnd.bokehjs_load.v0+json": "x", "application/javascript": "window.loaded = true"},
			{"text/html": `<div class="bk-notebook-logo">Loading</div>`},
			{"text/html": `<div id="b" data-root-id="p1"></div>`},
			{"application/vnd.bokehjs_exec.v0+json": "", "application/javascript": `document.getElementById("b").innerHTML = '<svg width="200" height="50"><rect width="200" height="50"/></svg>'`},
		}, true, "data:image/png", "an interactive chart (Bokeh) is shown as a picture"},
		{"HoloViews", []map[string]any{
			{"application/vnd.holoviews_load.v0+json": "x", "application/javascript": "window.shade = '#123456'"},
			{"text/html": `<div id="p" data-root-id="a"></div><script>1</script>`, "application/vnd.holoviews_exec.v0+json": ""},
			{"text/html": `<div id="h" data-root-id="b"></div><script>setTimeout(() => { document.getElementById("h").innerHTML = '<svg width="200" height="50"><rect width="200" height="50" fill="' + window.shade + '"/></svg>' }, 50)</script>`, "text/plain": ":Curve"},
		}, true, "data:image/png", "an interactive chart (Bokeh) is shown as a picture"},
		{"scripts for later outputs", []map[string]any{
			{"text/html": `<!-- x --><script src="https://cdn.plot.ly/plotly-3.0.0.min.js"></script><script>window.ready = 1</script>`},
			{"text/plain": "after"},
		}, true, "after", ""},
		{"chart without its scripts, with text", []map[string]any{{"text/html": `<div></div><script src="https://cdn.example.org/x.js"></script>`, "text/plain": "a table of two rows"}}, true, "a table of two rows", "an output is omitted"},
		{"table of itables with a preview", []map[string]any{
			{"text/html": `<script>window._itables_2 = 1</script><noscript>not trusted</noscript>`},
			{"text/html": `<table id="itables_a1" hidden></table><div id="itables_a1_fallback"><table><tr><td>cell</td></tr></table></div><script type="module">1</script>`},
		}, true, "<td>cell</td>", "an interactive table (itables) is shown as its static preview"},
		{"table of itables", []map[string]any{
			{"text/html": `<table id="itables_a1"><tr><td>Loading</td></tr></table><script type="module">import {table} from "https://www.unpkg.com/dt_for_itables@2.5.8/dt_bundle.js"; document.getElementById("itables_a1").outerHTML = table</script>`},
		}, true, "data:image/png", "interactive HTML is shown as a picture"},
		{"map of pydeck", []map[string]any{
			{"text/html": `<div></div>map<script src="https://api.tiles.mapbox.com/mapbox-gl-js/v1.13.0/mapbox-gl.js"></script><script src="https://cdn.jsdelivr.net/npm/@deck.gl/jupyter-widget@~9.3.*/dist/index.js"></script>`},
		}, true, "data:image/png", "interactive HTML is drawn without https://api.tiles.mapbox.com/mapbox-gl-js/v1.13.0/mapbox-gl.js"},
		{"page beside the notebook", []map[string]any{{"text/html": `<iframe width="3" src="page.html"></iframe>`}}, true, "data:image/png", "interactive HTML is shown as a picture"},
		{"page elsewhere", []map[string]any{{"text/html": `<iframe src="../../page.html"></iframe>`}}, true, "the embedded page ../../page.html: not in the project", "an output is omitted"},
		{"table with an icon", []map[string]any{{"text/html": `<!-- x --><table><tr><td><svg viewBox="0 0 9 9"></svg>icon</td></tr></table>`}}, true, "icon", ""},
		{"HTML with its own script", []map[string]any{{"text/html": `<p id="own">own</p><script>1</script>`}}, true, `<p id="own">own</p>`, "an output has scripts: what they draw is only in index.html"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cell := &nbformat.Cell{Type: nbformat.Code, Source: "#| fig-alt: a chart\nx"}
			for _, data := range tt.data {
				cell.Outputs = append(cell.Outputs, displayed(data, nil))
			}
			in := notebook(markdownCell("# A"), cell)
			in.Executed = tt.executed
			in.Files = fstest.MapFS{"page.html": {Data: []byte("<h1>page</h1>")}}
			d, warnings, err := render.Build([]render.Input{in}, render.Options{Scripts: []string{scripts}})
			if err != nil {
				t.Fatal(err)
			}
			checkWarnings(t, warnings, tt.warning)
			if html := page(t, d); !strings.Contains(html, tt.want) || strings.Contains(html, "Loading</div>") {
				_, html, _ = strings.Cut(html, "<main")
				t.Errorf("HTML has no %s in\n%s", tt.want, html)
			}
		})
	}
}
