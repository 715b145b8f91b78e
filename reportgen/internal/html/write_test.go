package html

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
)

// pageOf is what the tests read of a page.
type pageOf struct {
	ids   map[string]int // how often each occurs
	links []string       // destinations of links
	text  string
}

func readPage(t *testing.T, source string) pageOf {
	t.Helper()
	root, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	p := pageOf{ids: map[string]int{}}
	var text strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			text.WriteString(n.Data)
		}
		alt := false
		for _, a := range n.Attr {
			switch {
			case a.Key == "id":
				p.ids[a.Val]++
			case a.Key == "href" && n.Data == "a":
				p.links = append(p.links, a.Val)
			case a.Key == "alt":
				alt = true
			}
		}
		if n.Type == html.ElementNode && n.Data == "img" && !alt {
			t.Error("a picture has no alt text")
		}
	}
	p.text = text.String()
	return p
}

// TestWrite: in the sample report, identifiers are unique, links within the page lead
// somewhere, headings are there, and the page is the same each time.
func TestWrite(t *testing.T) {
	d := rendertest.Sample(t)
	for name, write := range map[string]func(io.Writer) error{
		"page":  func(w io.Writer) error { return Write(w, d) },
		"print": func(w io.Writer) error { return WritePrint(w, d, Print{Pages: map[string]int{"introduction": 4}}) },
		"summary": func(w io.Writer) error {
			text, err := Summary(d)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var first, second bytes.Buffer
			if err := write(&first); err != nil {
				t.Fatal(err)
			}
			if err := write(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Errorf("the second page differs, %v", err)
			}
			p := readPage(t, first.String())
			for id, n := range p.ids {
				if n > 1 {
					t.Errorf("%d elements have the identifier %s", n, id)
				}
			}
			if name == "summary" {
				return // its links lead into the report
			}
			for _, link := range p.links {
				if id, within := strings.CutPrefix(link, "#"); within && id != "" && id != "top" && p.ids[id] == 0 {
					t.Errorf("a link leads to %s, which is not there", link)
				}
			}
			headings := 0
			for _, b := range d.Blocks {
				if h, ok := b.(*document.Heading); ok {
					headings++
					if p.ids[h.ID] != 1 {
						t.Errorf("the heading %s is there %d times", h.ID, p.ids[h.ID])
					}
				}
			}
			if headings == 0 || !strings.Contains(p.text, d.Title) {
				t.Errorf("%d headings; title %q", headings, d.Title)
			}
		})
	}
}

// TestWriteSite: links between the pages of a site lead to pages and places that are there.
func TestWriteSite(t *testing.T) {
	d := rendertest.Sample(t)
	dir, again := t.TempDir(), t.TempDir()
	for _, to := range []string{dir, again} {
		if err := WriteSite(to, d); err != nil {
			t.Fatal(err)
		}
	}
	files := testenv.Tree(t, dir)
	if diff := cmp.Diff(files, testenv.Tree(t, again)); diff != "" {
		t.Errorf("the second site differs: %s", diff)
	}
	pages := map[string]pageOf{}
	for name, source := range files {
		if filepath.Ext(name) == ".html" {
			pages[name] = readPage(t, source)
		}
	}
	if len(pages) < 4 || files["search.js"] == "" {
		t.Fatalf("only %d pages", len(pages))
	}
	for name, p := range pages {
		for _, link := range p.links {
			if strings.Contains(link, ":") || strings.Contains(link, "/") {
				continue // to another site or a file
			}
			file, id, _ := strings.Cut(link, "#")
			if file == "" {
				file = name
			}
			to, there := pages[file]
			if !there || id != "" && id != "top" && to.ids[id] == 0 {
				t.Errorf("%s: a link leads to %s, which is not there", name, link)
			}
		}
	}
	found := 0
	for _, b := range d.Blocks {
		if h, ok := b.(*document.Heading); ok && strings.Contains(files["search.js"], fmt.Sprintf("%q", h.ID)[1:]) {
			found++
		}
	}
	if found == 0 {
		t.Error("the search index names no heading")
	}
}
