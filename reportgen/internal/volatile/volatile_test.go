package volatile_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/volatile"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// same and other are pairs of texts that a function of the package makes equal, and that it does not.
type pairs struct {
	name        string
	f           func(string) string
	same, other [][2]string
}

func TestVolatile(t *testing.T) {
	const a, b = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "f9e8d7c6b5a49382716050f4e3d2c1b0"
	const u, v = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9", "f9e8d7c6-b5a4-4382-9160-50f4e3d2c1b0"
	for _, tt := range []pairs{
		{
			"text", volatile.Text,
			[][2]string{
				{"<__main__.A object at 0x7f0c5c1d2e50>", "<__main__.A object at 0x7fe01c0b2a10>"},
				{"<function f at 0x7f0c5c1d2e50> and <bound method A.g of <A at 0x10A0B0C0>>", "<function f at 0x7f0c5c1d0000> and <bound method A.g of <A at 0x20A0B0C0>>"},
				{"&{0xc000012345 7}", "&{0xc00009f0a0 7}"},
				{"load: 100%|██████████| 20/20 [00:00<00:00, 199.84it/s]", "load: 100%|██████████| 20/20 [00:01<00:00, 18.02it/s]"},
				{"5/5 [00:00&lt;00:00, 31.17it/s] [00:00\\u003c00:00, 1it/s]", "5/5 [00:00&lt;00:00, 32.41it/s] [00:00\\u003c00:01, 2it/s]"},
				{"20it [00:00, 199.84it/s]", "20it [00:03, 6.01it/s]"},
				{"0%| | 0/20 [00:00<?, ?it/s]", "0%| | 0/20 [00:01<?, ?it/s]"},
				{"1/1 ━━━━ 0s 12ms/step - loss: 0.1", "1/1 ━━━━ 1s 120ms/step - loss: 0.1"},
				{"CPU times: user 3 ms, sys: 0 ns, total: 3 ms\nWall time: 2.1 ms\n7", "CPU times: user 5 ms, sys: 1 ns, total: 6 ms\nWall time: 9.1 ms\n7"},
				{"1.2 µs ± 13 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)", "1.3 µs ± 99 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)"},
				{"/tmp/ipykernel_123/456.py:1: UserWarning: x", "/tmp/ipykernel_789/12.py:1: UserWarning: x"},
			},
			[][2]string{
				{u, v}, // data
				{"flag 0x7f0c5c1d", "flag 0x7f0c5c1e"},
				{"20/20 [00:00<00:00, 1it/s]", "19/20 [00:00<00:00, 1it/s]"},
				{"loss: 0.1 - 0s 1ms/step", "loss: 0.2 - 0s 1ms/step"},
				{"[1, 2]", "[1, 3]"},
				{"at 12:30", "at 12:31"},
				{"[12:30]", "[12:31]"},
			},
		},
		{
			"markup", volatile.Markup,
			[][2]string{
				{`<style>#T_0a1b2_row0_col1 {color: red}</style><table id="T_0a1b2"><td id="T_0a1b2_row0_col1">7</td></table>`, `<style>#T_f9e8d_row0_col1 {color: red}</style><table id="T_f9e8d"><td id="T_f9e8d_row0_col1">7</td></table>`},
				{`<div id="` + u + `" class="plotly-graph-div"></div><script>Plotly.newPlot("` + u + `", [])</script>`, `<div id="` + v + `" class="plotly-graph-div"></div><script>Plotly.newPlot("` + v + `", [])</script>`},
				{`<div id="altair-viz-` + a + `"></div><style>#altair-viz-` + a + `.vega-embed {}</style>`, `<div id="altair-viz-` + b + `"></div><style>#altair-viz-` + b + `.vega-embed {}</style>`},
				{`<div id="sk-container-id-1" class="sk-top-container"><label for="sk-estimator-id-1">x</label></div>`, `<div id="sk-container-id-3" class="sk-top-container"><label for="sk-estimator-id-3">x</label></div>`},
				{`<svg><clipPath id="p0123456789"/><g clip-path="url(#p0123456789)"/><use href="#m0a1b2c3d4e"/></svg>`, `<svg><clipPath id="p9876543210"/><g clip-path="url(#p9876543210)"/><use href="#mffffffff00"/></svg>`},
				{`<pre>&lt;A at 0x7f0c5c1d2e50&gt;</pre>`, `<pre>&lt;A at 0x7f0c5c1d0000&gt;</pre>`},
				{`<svg><dc:date>2026-01-01T00:00:00.1</dc:date></svg>`, `<svg><dc:date>2026-01-02T00:00:00.2</dc:date></svg>`},
				{`<img src="data:image/svg+xml;base64,` + encode(`<clipPath id="p0123456789"/>`) + `">`, `<img src="data:image/svg+xml;base64,` + encode(`<clipPath id="p9876543210"/>`) + `">`},
				{`<meta content="script-src 'sha256-abc='">`, `<meta content="script-src 'sha256-xyz='">`},
				{"# Title\n\n```text\n<A at 0x7f0c5c1d2e50>\n```\n", "# Title\n\n```text\n<A at 0x7f0c5c1d0000>\n```\n"},
			},
			[][2]string{
				{"<td>" + u + "</td>", "<td>" + v + "</td>"},
				{`<a href="https://example.org/` + a + `">x</a>`, `<a href="https://example.org/` + b + `">x</a>`},
				{`<table id="T_0a1b2"><td>7</td></table>`, `<table id="T_f9e8d"><td>8</td></table>`},
				{`<style>#T_0a1b2 {color: red}</style>`, `<style>#T_f9e8d {color: blue}</style>`},
				{`<img src="data:image/svg+xml;base64,` + encode(`<text>1</text>`) + `">`, `<img src="data:image/svg+xml;base64,` + encode(`<text>2</text>`) + `">`},
				{`<div id="hosts">`, `<div id="flows">`},
				{`<img alt="` + u + `">`, `<img alt="` + v + `">`},
				{"<p>open", "<p>open <"},
			},
		},
		{
			"JSON", func(s string) string {
				nb, err := nbformat.Unmarshal([]byte(`{"nbformat": 4, "nbformat_minor": 5, "metadata": {"widgets": ` + s + `}, "cells": []}`))
				if err != nil {
					t.Fatal(err)
				}
				return volatile.Notebook(nb)
			},
			[][2]string{
				{`{"` + a + `": {"model": "IPY_MODEL_` + b + `", "x": 1}, "` + b + `": {"y": 2}}`, `{"` + b + `": {"model": "IPY_MODEL_` + a + `", "x": 1}, "` + a + `": {"y": 2}}`},
			},
			[][2]string{
				{`{"` + a + `": {"value": 1}}`, `{"` + a + `": {"value": 2}}`},
				{`{"` + a + `": {"value": 1}}`, `{"` + a + `": {"value": 1}, "` + b + `": {"value": 1}}`},
			},
		},
	} {
		for _, p := range tt.same {
			if x, y := tt.f(p[0]), tt.f(p[1]); x != y {
				t.Errorf("%s: these differ:\n%s\n%s", tt.name, x, y)
			}
		}
		for _, p := range tt.other {
			if x, y := tt.f(p[0]), tt.f(p[1]); x == y {
				t.Errorf("%s: %q and %q are both %s", tt.name, p[0], p[1], x)
			}
		}
	}
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// In an output, each MIME type is compared as what it is.
func TestNotebook(t *testing.T) {
	notebook := func(mime, value string) string {
		return volatile.Notebook(&nbformat.Notebook{Cells: []*nbformat.Cell{{Type: nbformat.Code, ID: "a", Source: "x", Outputs: []*nbformat.Output{
			{Type: nbformat.DisplayData, Data: map[string]any{mime: value}},
		}}}})
	}
	const u, v = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9", "f9e8d7c6-b5a4-4382-9160-50f4e3d2c1b0"
	for mime, equal := range map[string]bool{"text/plain": false, "application/javascript": true, "image/png": false} {
		if (notebook(mime, u) == notebook(mime, v)) != equal {
			t.Errorf("%s: two UUIDs are equal: %v, want %v", mime, !equal, equal)
		}
	}
	if notebook("text/html", `<p id="`+u+`">1`) != notebook("text/html", `<p id="`+v+`">1`) {
		t.Error("text/html: two identifiers differ")
	}
}

func FuzzMarkup(f *testing.F) {
	f.Add(`<table id="T_0a1b2"><td>7</td></table>`)
	f.Add(`<style>#T_0a1b2 {}</style`)
	f.Fuzz(func(t *testing.T, s string) {
		once := volatile.Markup(s)
		if strings.ToValidUTF8(s, "") == s && !strings.ContainsAny(s, "<&") && once != volatile.Text(s) {
			t.Errorf("%q is %q as markup and %q as text", s, once, volatile.Text(s))
		}
	})
}
