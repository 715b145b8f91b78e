package svg_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/svg"
)

func parse(t *testing.T, source string) *svg.Image {
	t.Helper()
	img, err := svg.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// TestParseKeepsOnlyDrawing gives what a hostile picture may hold, with what
// must not be in either form of it.
func TestParseKeepsOnlyDrawing(t *testing.T) {
	for _, test := range []struct{ name, source, forbidden, dropped string }{
		{"script", `<svg><script>alert(1)</script><path d="M0,0"/></svg>`, "alert", "<script>"},
		{"event handler", `<svg onload="alert(1)"><path d="M0,0" onclick="alert(1)"/></svg>`, "alert", "path onclick,svg onload"},
		{"foreign content", `<svg><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><iframe src="x"/></body></foreignObject></svg>`, "iframe", "<foreignObject>"},
		{"animation", `<svg><a href="#x"><animate attributeName="href" to="javascript:alert(1)"/></a></svg>`, "javascript", "<animate>"},
		{"javascript link", `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`, "javascript", "g href"},
		{"remote image", `<svg><image href="https://example.org/x.png"/></svg>`, "example.org", "image href"},
		{"nested SVG as data", `<svg><image href="data:image/svg+xml;base64,PHN2Zz4="/></svg>`, "svg+xml", "image href"},
		{"remote use", `<svg><use xlink:href="https://example.org/x.svg#a"/></svg>`, "example.org", "use href"},
		{"remote paint", `<svg><rect fill="url(https://example.org/x#a)"/></svg>`, "example.org", "rect fill"},
		{"remote paint in a style", `<svg><rect style="fill:URL( 'https://example.org/x#a')"/></svg>`, "example.org", "style fill"},
		{"second url", `<svg><rect style="fill:url(#a) url(//example.org/x)"/></svg>`, "example.org", "style fill"},
		{"escaped url", `<svg><rect style="fill:\75rl(//example.org/x)"/></svg>`, "example.org", "style fill"},
		{"background", `<svg><rect style="background:red;fill:red"/></svg>`, "background", "style background"},
		{"white ground", `<svg style="background:#fff"><path/></svg>`, "background", ""},
		{"style sheet that imports", `<svg><style>@import url(https://example.org/x.css);</style><path/></svg>`, "example.org", "<style>"},
		{"style sheet that loads", `<svg><style>path{fill:url(https://example.org/x)}</style><path/></svg>`, "example.org", "<style>"},
		{"prefix for SVG", `<svg xmlns:x="http://www.w3.org/2000/svg"><x:script>alert(1)</x:script></svg>`, "alert", ""},
		{"entities", `<!DOCTYPE svg [<!ENTITY x "alert(1)">]><svg><text>&x;</text></svg>`, "alert(1)\"", ""},
		{"processing instruction", `<?xml-stylesheet href="https://example.org/x.css"?><svg><path/></svg>`, "example.org", ""},
		{"what only a pointer notices", `<svg pointer-events="none"><path d="M0,0" style="cursor:pointer;user-select:none"/></svg>`, "pointer", ""},
		{"title as markup", `<svg><title>&lt;script&gt;alert(1)&lt;/script&gt;</title></svg>`, "<script", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			img := parse(t, test.source)
			for _, out := range []string{string(img.Standalone("")), string(img.Inline("p-", "alt"))} {
				if strings.Contains(out, test.forbidden) {
					t.Errorf("%q is still in %s", test.forbidden, out)
				}
			}
			if got := strings.Join(img.Dropped, ","); got != test.dropped {
				t.Errorf("dropped %q, want %q", got, test.dropped)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"nothing", ``, "no <svg> element"},
		{"text", `hello`, "no <svg> element"},
		{"HTML", `<html><body/></html>`, "the root element is <html>"},
		{"not closed", `<svg><g>`, "<g> is not closed"},
		{"wrongly closed", `<svg><g></svg></g>`, "<g> is closed by </svg>"},
		{"deep", "<svg>" + strings.Repeat("<g>", 300) + strings.Repeat("</g>", 300) + "</svg>", "nest deeper than 256"},
		{"other encoding", `<?xml version="1.0" encoding="utf-16"?><svg/>`, "use UTF-8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := svg.Parse([]byte(test.source))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Parse gave %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestInlineMakesIdentifiersUnique(t *testing.T) {
	img := parse(t, `<svg id="root" width="10" height="20" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<title>Tooltip</title><defs><linearGradient id="g"><stop offset="0" stop-color="#ff0000"/></linearGradient></defs>
<rect fill="url(#g)" style="clip-path: url( '#c' )"/><use xlink:href="#g"/></svg>`)
	want := `<svg role="img" aria-label="A &#34;bar&#34;" width="10" height="20" viewBox="0 0 10 20">` +
		`<defs><linearGradient id="f-g"><stop offset="0" stop-color="#ff0000"></stop></linearGradient></defs>` +
		`<rect fill="url(#f-g)" style="clip-path:url(#f-c)"></rect><use href="#f-g"></use></svg>`
	if diff := cmp.Diff(want, string(img.Inline("f-", `A "bar"`))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestInlineThemesNeutralColours: greys follow the theme, colours do not.
func TestInlineThemesNeutralColours(t *testing.T) {
	for color, want := range map[string]string{
		"#000":             "var(--figure-ink,#000)",
		"black":            "var(--figure-ink,#000)",
		"#ffffff":          "var(--figure-ground,#fff)",
		"#333333":          "color-mix(in srgb,var(--figure-ink,#000) 80.0%,var(--figure-ground,#fff))",
		"rgb(204,204,204)": "color-mix(in srgb,var(--figure-ink,#000) 20.0%,var(--figure-ground,#fff))",
		"#0072b2":          "#0072b2",
		"none":             "none",
		"currentColor":     "currentColor",
		"#12345":           "#12345",
		"rgb(1,2)":         "rgb(1,2)",
	} {
		img := parse(t, `<svg><path fill="`+color+`" style="stroke:`+color+`"/></svg>`)
		wanted := `<path fill="` + want + `" style="stroke:` + want + `">`
		if got := string(img.Inline("", "")); !strings.Contains(got, wanted) {
			t.Errorf("%s: %s does not hold %s", color, got, wanted)
		}
	}
}

// TestMarks: what marks of charts are about is kept as text, with their titles, and
// other data attributes are not.
func TestMarks(t *testing.T) {
	img := parse(t, `<svg><g data-entity='a"b &lt;i>' data-peer="{x}\" data-run="alert(1)"><title>7 &amp; 8</title><path d="M0,0"/></g></svg>`)
	want := `<svg role="img" aria-label=""><g data-entity="a&#34;b &lt;i&gt;" data-peer="{x}\"><title>7 &amp; 8</title><path d="M0,0"></path></g></svg>`
	if diff := cmp.Diff(want, string(img.Inline("", ""))); diff != "" || len(img.Dropped) > 0 {
		t.Errorf("dropped %q (-want +got):\n%s", img.Dropped, diff)
	}
}

func TestStandalone(t *testing.T) {
	img := parse(t, `<?xml version="1.0"?><!-- c --><svg width="72pt" height="36pt" viewBox="0 0 72 36"><text x="1"> a <tspan>b</tspan></text></svg>`)
	want := `<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt" viewBox="0 0 72 36">
<rect width="100%" height="100%" fill="#fff"/>
<text x="1"> a <tspan>b</tspan></text>
</svg>
`
	if diff := cmp.Diff(want, string(img.Standalone("#fff"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w, h := img.Size(); w != 96 || h != 48 {
		t.Errorf("Size is %g, %g px; 72 by 36 points are 96 by 48", w, h)
	}
}

func TestLinkBecomesWhatItWraps(t *testing.T) {
	img := parse(t, `<svg><a href="#x" style="fill:red"><path/></a><text>a <a href="#x">link</a></text></svg>`)
	want := `<svg role="img" aria-label=""><g><path></path></g><text>a <tspan>link</tspan></text></svg>`
	if diff := cmp.Diff(want, string(img.Inline("", ""))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStyledPictureIsMarked(t *testing.T) {
	if img := parse(t, `<svg><style>.a{fill:#f00}</style><path class="a"/></svg>`); !img.Styled {
		t.Error("a picture with a style sheet is not marked")
	} else if !strings.Contains(string(img.Standalone("")), ".a{fill:#f00}") {
		t.Error("the style sheet is lost")
	}
	if img := parse(t, `<svg><path style="fill:red"/></svg>`); img.Styled {
		t.Error("a picture without a style sheet is marked")
	}
}

// FuzzParse: whatever is read is written as well-formed XML with nothing in it
// that runs or loads, and reading that again changes nothing.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`<svg viewBox="0 0 1 1"><g id="a" style="fill:url(#a);stroke:#333"><text x="1">a<tspan>b</tspan></text></g></svg>`))
	f.Add([]byte(`<svg><style>.a{}</style><script>x</script><a href="javascript:x"><image href="data:image/png;base64,AA"/></a></svg>`))
	f.Add([]byte(`<svg:svg xmlns:svg="x"><use xlink:href="#a"/>&nbsp;&amp;</svg:svg>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := svg.Parse(data)
		if err != nil {
			return
		}
		standalone := img.Standalone("")
		for _, out := range [][]byte{standalone, img.Inline("p-", "alt")} {
			d := xml.NewDecoder(strings.NewReader(string(out)))
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("not well-formed: %v in %q", err, out)
				}
				if start, ok := token.(xml.StartElement); ok {
					if strings.EqualFold(start.Name.Local, "script") || strings.EqualFold(start.Name.Local, "foreignObject") {
						t.Fatalf("<%s> in %q", start.Name.Local, out)
					}
					for _, a := range start.Attr {
						if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
							t.Fatalf("attribute %s in %q", a.Name.Local, out)
						}
					}
				}
			}
		}
		again, err := svg.Parse(standalone)
		if err != nil {
			t.Fatalf("%v when reading %q again", err, standalone)
		}
		if got := again.Standalone(""); !bytes.Equal(got, standalone) {
			t.Fatalf("not stable:\n%q\n%q", standalone, got)
		}
	})
}

// bomb returns a picture with levels of groups; each refers ten times to the level
// below.
func bomb(levels int, refer string) string {
	var b strings.Builder
	b.WriteString(`<svg viewBox="0 0 9 9"><rect id="l0" width="1" height="1"/>`)
	for i := range levels {
		fmt.Fprintf(&b, `<g id="l%d">%s</g>`, i+1, strings.Repeat(fmt.Sprintf(refer, i), 10))
	}
	return b.String() + "</svg>"
}

// TestReferences: references are drawn as long as they do not multiply without end.
func TestReferences(t *testing.T) {
	for name, refer := range map[string]string{"use": `<use href="#l%d"/>`, "xlink": `<use xlink:href="#l%d"/>`, "fill": `<rect fill="url(#l%d)"/>`, "style": `<rect style="mask: url('#l%d')"/>`} {
		if _, err := svg.Parse([]byte(bomb(4, refer))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := svg.Parse([]byte(bomb(12, refer))); err == nil || !strings.Contains(err.Error(), "draws more than 1000000 elements") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// Cycles draw nothing, and a chain what it is long.
	var chain strings.Builder
	for i := range 500 {
		fmt.Fprintf(&chain, `<g id="c%d"><use href="#c%d"/></g>`, i, i+1)
	}
	for _, source := range []string{`<svg><g id="a"><use href="#b"/></g><g id="b"><use href="#a"/><use href="#b"/></g></svg>`, "<svg>" + chain.String() + "</svg>"} {
		if _, err := svg.Parse([]byte(source)); err != nil {
			t.Errorf("%.60s: %v", source, err)
		}
	}
}

// Translated labels keep the edge that they share with others, and the picture becomes wider
// for them. Other texts and names are translated too.
func TestTranslate(t *testing.T) {
	img := parse(t, `<svg viewBox="0 0 200 100"><style>text{x:1}</style><g data-entity="host"><title>host</title></g>`+
		`<text x="40" font-size="10">left</text><text x="40" font-size="10">host</text>`+
		`<text x="82.78" font-size="10">host</text><text x="87.78" font-size="10">hot</text>`+
		`<text x="180" font-size="10">host</text><g transform="rotate(90)"><text x="300" font-size="10">host</text></g></svg>`)
	img.Translate(func(s string) string { return strings.ReplaceAll(s, "host", "hosthost") })
	got := string(img.Standalone(""))
	for _, want := range []string{
		`data-entity="hosthost"`, "<title>hosthost</title>", `<text x="40" font-size="10">hosthost</text>`,
		`<text x="63.88" font-size="10">hosthost</text>`, `<text x="180" font-size="10">hosthost</text>`, `<text x="290.55" font-size="10">hosthost</text>`,
		`viewBox="0 0 218.9 100"`, // as much wider as the last text
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}
