package render_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// pixel is a PNG of one pixel.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// TestHTMLInMarkdown checks what becomes of raw HTML in Markdown, and that whatever is
// removed is reported.
func TestHTMLInMarkdown(t *testing.T) {
	files := fstest.MapFS{"img/a.svg": {Data: []byte(`<svg viewBox="0 0 9 9"><path d="M0 0"/></svg>`)}, "a.mp4": {Data: []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom")}}
	attached := map[string]any{"b.png": map[string]any{"image/png": pixel}}
	for _, tt := range []struct {
		name, source string
		html, md     string // in the writers' results
		warning      string
	}{
		{"file", `<img src="img/a.svg" width="80" alt="an a">`, `<img class="paper" alt="an a" style="width: 80px;" src="data:image/svg+xml;base64,`, `<img src="figures/image.svg" alt="an a" width="80">`, ""},
		{"attachment", `<p align=center><img src="attachment:b.png" alt="b"></p>`, `<p align="center"><img class="paper" alt="b" src="data:image/png;base64,`, `<p align="center"><img src="figures/image.png" alt="b"></p>`, ""},
		{"data", `<figure><img alt="d" style="width:50%" src="data:image/png;base64,` + pixel + `"><figcaption>Cap</figcaption></figure>`, `style="width: 50%;" src="data:image/png;base64,`, "<figcaption>Cap</figcaption>", ""},
		{"remote", `<img alt="r" src="https://example.org/r.png">`, "[r]", "[r]", "not fetched from the network"},
		{"no alt", `<img src="img/a.svg">`, `<img class="paper" alt="" src="data:`, `<img src="figures/image.svg" alt="">`, "pictures in HTML have no alt text"},
		{"inline SVG", `Text <svg viewBox="0 0 9 9" aria-label="dot"><circle r="4"/></svg> text`, `<img class="paper" alt="dot" src="data:image/svg+xml`, `Text <img src="figures/image.svg" alt="dot"> text`, ""},
		{"video", `<video src="a.mp4" controls width=320>a film</video>`, `<video class="paper" controls="" preload="metadata" aria-label="a film" style="width: 320px;" src="data:video/mp4;base64,`, `<a href="figures/image.mp4">a film</a>`, ""},
		{"anchor", "<a id=x1></a>text\n\n[link](#x1) <a href=\"#x1\">again</a>", `<a id="x1"></a>`, "[link](#x1) <a href=\"#x1\">again</a>", ""},
		{"name", "<a name=\"Old One\"></a>\n\n[link](#Old%20One)", `<a href="#Old-One">link</a>`, `<a id="Old-One"></a>`, ""},
		{"id of an element", "<div id=\"part\">x</div>\n\n[link](#part)", `<div id="part">x</div>`, `[link](#part)`, ""},
		{"taken id", "<a id=top></a>\n\n[link](#top)", `<a href="#top">link</a>`, "", ""},
		{"center", "<center>middle</center>", `<div align="center">middle</div>`, `<div align="center">middle</div>`, ""},
		{"font", `<font color="red" size=4>hot</font>`, `<span style="color: red; font-size: 115%">hot</span>`, "hot", ""},
		{"style", `<div style="text-align:center; color: #333">x</div>`, `<div style="text-align: center; color: #333">x</div>`, "", ""},
		{"unsafe style", `<div style="position:fixed; margin-top:-9em; background:url(x)">x</div>`, `<div>x</div>`, "", "div style position"},
		{"details", "<details open><summary>More</summary>\n\n*text*\n\n</details>", "<details open=\"\"><summary>More</summary>\n<p><em>text</em></p>", "<summary>More</summary>", ""},
		{"alert", `<div class="alert alert-info">note</div>`, `<div class="alert alert-info">note</div>`, "", ""},
		{"script", "<script>alert(1)</script>\n\ntext", "text", "text", "removed from HTML: <script>"},
		{"handler", `<b onclick="x()">bold</b>`, "<b>bold</b>", "", "removed from HTML: b onclick"},
		{"frame", `<iframe src="https://example.org/p"></iframe>`, `<a href="https://example.org/p">[embedded page: https://example.org/p]</a>`, `[embedded page: https://example.org/p]</a>`, "an embedded page is not shown"},
		{"form", "<form><input value=1><button>go</button></form>", "go", "go", "removed from HTML: <button>"},
		{"size in braces", "![alt](img/a.svg){width=50%}", `style="width: 50%;"`, `<img src="figures/image.svg" alt="alt" width="50%">`, ""},
		{"text in braces", "![alt](img/a.svg){not one}", "{not one}", "{not one}", ""},
		{"extra cells", "| a |\n|---|\n| 1 | 2 |", "<td>1</td>", "| 1 |", "omitted: 2"},
		{"top", "[up](#)", `<a href="#top">up</a>`, "[up](#report)", ""},
		{"local file", "[data](img/a.svg)", `<a href="img/a.svg">data</a>`, "[data](img/a.svg)", `link to "img/a.svg": the file is not part of the report`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := notebook(&nbformat.Cell{Type: nbformat.Markdown, Source: "# A"}, &nbformat.Cell{Type: nbformat.Markdown, ID: "x", Source: tt.source, Extra: map[string]any{"attachments": attached}})
			in.Files = files
			d, warnings, err := render.Build([]render.Input{in}, render.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, w := range warnings {
				said = append(said, w.String())
			}
			if all := strings.Join(said, "\n"); (tt.warning == "") != (all == "") || !strings.Contains(all, tt.warning) {
				t.Errorf("warnings are %q, want %q", all, tt.warning)
			}
			var page bytes.Buffer
			if err := render.WriteHTML(&page, d); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(page.String(), tt.html) {
				_, body, _ := strings.Cut(page.String(), "<main")
				t.Errorf("HTML has no %s in\n%s", tt.html, body)
			}
			dir := t.TempDir()
			if err := render.WriteMarkdown(dir, d); err != nil {
				t.Fatal(err)
			}
			md, err := os.ReadFile(filepath.Join(dir, "report.md"))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(md), tt.md) {
				t.Errorf("Markdown has no %s in\n%s", tt.md, md)
			}
		})
	}
}

// TestRepeatedWarnings checks that a removal in several cells is one warning.
func TestRepeatedWarnings(t *testing.T) {
	cell := markdownCell("<object></object> <b onclick=x>b</b>")
	_, warnings, err := render.Build([]render.Input{notebook(markdownCell("# A"), cell, markdownCell(cell.Source), markdownCell(cell.Source))}, render.Options{})
	if err != nil || len(warnings) != 2 || !strings.HasSuffix(warnings[1].Text, "b onclick (also in 2 other cells)") {
		t.Errorf("%v, %v", warnings, err)
	}
}
