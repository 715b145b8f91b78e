package render_test

import (
	"bytes"
	"maps"
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

// TestFilesOfLinks checks that the files that a notebook links to are copied, and that
// other links are warnings.
func TestFilesOfLinks(t *testing.T) {
	in := notebook(markdownCell("# A\n\n[data](a%20b.csv) [again](<a b.csv>) <a href=\"../src/x.go\">x</a> [gone](gone.csv) [other](b.ipynb) [out](../../etc/passwd) [env](.env/x) [all](../src/)"),
		&nbformat.Cell{Type: nbformat.Code, Outputs: []*nbformat.Output{displayed(map[string]any{"text/html": `<h3 id="result">R</h3><a href="#result">up</a> <a href="a%20b.csv">file</a>`}, nil)}})
	in.Folder, in.Executed = "nb", true
	in.Files = fstest.MapFS{"nb/a b.csv": {Data: []byte("1,2")}, "src/x.go": {Data: []byte("package x")}, "nb/.env/x": {Data: []byte("secret")}}
	copied := map[string]string{}
	d, warnings, err := render.Build([]render.Input{in}, render.Options{Attach: func(name string, data []byte) error {
		copied[name] += string(data)
		return nil
	}})
	if d == nil {
		t.Fatal(err)
	}
	if want := map[string]string{"nb/a b.csv": "1,2", "src/x.go": "package x"}; !maps.Equal(copied, want) {
		t.Errorf("copied %q, want %q", copied, want)
	}
	html := page(t, d)
	for _, want := range []string{
		`<a href="files/nb/a%20b.csv">data</a> <a href="files/nb/a%20b.csv">again</a> <a href="files/src/x.go">x</a> <a href="gone.csv">gone</a>`,
		`<a href="#result">up</a> <a href="files/nb/a%20b.csv">file</a>`, "files/src/x.go", "9 B, SHA-256",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("HTML has no %s in\n%s", want, html)
		}
	}
	md, _ := markdown(t, d)
	if want := "[data](files/nb/a%20b.csv)"; !strings.Contains(md, want) {
		t.Errorf("Markdown has no %s in\n%s", want, md)
	}
	site := t.TempDir()
	if err := render.WriteSite(site, d); err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(site, "*.html"))
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, name := range pages {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all += string(source)
	}
	if want := `<a href="../files/nb/a%20b.csv">data</a>`; !strings.Contains(all, want) {
		t.Errorf("the site has no %s", want)
	}
	var said []string
	for _, w := range warnings {
		said = append(said, w.Text)
	}
	for i, want := range []string{`link to "gone.csv": the file is not part of the report: `, `link to "b.ipynb": the notebook`, `link to "../../etc/passwd": the file is not part of the report: not in the project`, `link to ".env/x": the file is not part of the report: a hidden file`, `link to "../src/": the file`} {
		if i >= len(said) || !strings.HasPrefix(said[i], want) {
			t.Errorf("warnings are %q, want %q", said, want)
		}
	}
}

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
		{"size before a slash", `<img src=img/a.svg alt=a width=80/>`, `style="width: 80px;"`, `width="80"`, ""},
		{"file of old notebooks", `<img src="files/img/a.svg" alt="an a">`, `<img class="paper" alt="an a" src="data:image/svg+xml;base64,`, `<img src="figures/image.svg" alt="an a">`, ""},
		{"attachment", `<p align=center><img src="attachment:b.png" alt="b"></p>`, `<p align="center"><img class="paper" alt="b" src="data:image/png;base64,`, `<p align="center"><img src="figures/image.png" alt="b"></p>`, ""},
		{"data", `<figure><img alt="d" style="width:50%" src="data:image/png;base64,` + pixel + `"><figcaption>Cap</figcaption></figure>`, `style="width: 50%;" src="data:image/png;base64,`, "<figcaption>Cap</figcaption>", ""},
		{"remote", `<img alt="r" src="https://example.org/r.png">`, "[r]", "[r]", "fetches nothing from the network"},
		{"picture", `<picture><source srcset="x.webp"><img alt="p" src="img/a.svg"></picture>`, `<img class="paper" alt="p" src="data:image/svg+xml`, `<img src="figures/image.svg" alt="p">`, ""},
		{"remote sound", `<audio controls><source src="https://example.org/s.mp3"></audio>`, `<a href="https://example.org/s.mp3">[https://example.org/s.mp3]</a>`, "https://example.org/s.mp3", "a sound cannot be shown"},
		{"missing film", `<video src="no.mp4"></video>`, "[no.mp4]", "[no.mp4]", "a video cannot be shown"},
		{"local frame", `<iframe src="img/a.html"></iframe>`, `<a href="img/a.html">[embedded page: img/a.html]</a>`, `[embedded page: img/a.html]</a>`, "an embedded page is not shown"},
		{"script as frame", `<iframe src="javascript:alert(1)"></iframe>`, `[embedded page: javascript:alert(1)]`, "", "an embedded page is not shown: javascript:alert(1)"},
		{"bars", `<progress value="3" max="10"></progress><meter value=".4" title="load" onclick="x"></meter>`, `<progress value="3" max="10" aria-label="progress"></progress><meter value=".4" title="load" aria-label="load"></meter>`, "", "removed from HTML: meter onclick"},
		{"columns", `<div style="display:flex; gap:1em"><div style="flex:1">left</div></div>`, `<div style="display: flex; gap: 1em"><div style="flex: 1">left</div></div>`, "left", ""},
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
		{"extra cells", "| a |\n|---|\n| 1 | 2 |", ">1</td>", "| 1 |", "omitted: 2"},
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
			checkWarnings(t, warnings, tt.warning)
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

// Pictures of trusted HTML are in every format: a page has the author's markup, and report.md and the PDF a picture.
func TestPicturesOfTrustedHTML(t *testing.T) {
	output := func(html string) []render.Input {
		in := notebook(markdownCell("# A"), codeCell("#| echo: false\nshow()", displayed(map[string]any{"text/html": html}, nil)))
		in.Executed = true
		return []render.Input{in}
	}
	vector := `<svg width="30" height="30" class="mine" aria-label="a dot"><circle cx="15" cy="15" r="9"/></svg>`
	for name, tt := range map[string]struct{ html, page, markdown, typst, warning string }{
		"a bitmap": {`<p>text <img src='data:image/png;base64,` + onePixel + `' alt="px" style='max-width:100%; border: 1px solid'></p>`,
			`max-width:100%; border: 1px solid`, `<img src="figures/image.png" alt="px"/>`, `image.png`, ""},
		"a vector picture": {"<p>text " + vector + "</p>", `class="mine" aria-label="a dot"><circle`, `<img src="figures/image.svg" alt="a dot"`, "image.svg", ""},
		"a sheet of icons": {`<p>text <svg><use href="#icon"/></svg></p>`, `<use href="#icon"`, "text", "text", ""},
		"not a picture":    {`<p>text <img src="data:image/png;base64,AAAA" alt="x"></p>`, `src="data:image/png;base64,AAAA"`, "text", "text", "a picture in HTML is only in index.html"},
		"a script":         {`<p id="x">text</p><script>document.getElementById("x").textContent = "drawn"</script>`, `textContent = "drawn"`, "text", "text", "what they draw is only in index.html"},
		"data of a script": {`<p>text</p><script type="application/json">{"a": 1}</script>`, `{"a": 1}`, "text", "text", ""},
	} {
		d, warnings, err := render.Build(output(tt.html), render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		md, _ := markdown(t, d)
		for format, text := range map[string][2]string{"HTML": {page(t, d), tt.page}, "Markdown": {md, tt.markdown}, "Typst": {typstSource(t, d), tt.typst}} {
			if !strings.Contains(text[0], text[1]) {
				t.Errorf("%s: %s has no %s", name, format, text[1])
			}
		}
		said := ""
		for _, w := range warnings {
			said += w.String()
		}
		if !strings.Contains(said, tt.warning) || tt.warning == "" && said != "" {
			t.Errorf("%s: warnings %q, want %q", name, said, tt.warning)
		}
	}
}
