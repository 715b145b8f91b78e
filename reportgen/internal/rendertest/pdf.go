package rendertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// CheckPDF reads the report that is printed at path page by page, and fails the
// test for a heading of the same report's page in HTML, or a caption above a
// table or listing, that is printed nowhere or that ends its page, away from what
// it belongs to. It skips the test if there is no pdftotext.
func CheckPDF(t testing.TB, path, page string) {
	t.Helper()
	pages := Pages(t, path)
	source, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(strings.NewReader(string(source)))
	if err != nil {
		t.Fatal(err)
	}
	heads := headsOf(root)
	if len(heads) == 0 {
		t.Errorf("%s has no heading", page)
	}
	for _, head := range heads {
		printed := false
		for i, text := range pages {
			printed = printed || strings.Contains(text, head)
			if strings.HasSuffix(" "+text, " "+head) {
				t.Errorf("%s: %q ends page %d", filepath.Base(path), head, i+1)
			}
		}
		if !printed {
			t.Errorf("%s: %q is on no page", filepath.Base(path), head)
		}
	}
}

// folio is the number at the foot of a page.
var folio = regexp.MustCompile(`\s\d+\s*$`)

// Pages are the texts of the pages of the PDF at path, each with single spaces
// and without the number at its foot. It skips the test if there is no
// pdftotext.
func Pages(t testing.TB, path string) []string {
	t.Helper()
	tool := testenv.Program(t, "pdftotext", "poppler-utils")
	text, err := exec.CommandContext(t.Context(), tool, "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(fmt.Errorf("pdftotext: %w", err))
	}
	pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	for i, page := range pages {
		pages[i] = spaced(folio.ReplaceAllString(page, ""))
	}
	return pages
}

// headsOf returns the texts of the headings below the title and of the captions above
// tables and listings.
func headsOf(root *html.Node) []string {
	var heads []string
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && document.Attribute(n.Attr, "class") == "entities" {
			break // the last part of a page, which is not printed
		}
		switch n.Data {
		case "h2", "h3", "h4", "h5", "h6":
			heads = append(heads, spaced(textOf(n)))
		case "figcaption":
			if class := document.Attribute(n.Parent.Attr, "class"); class == "table" || class == "listing" {
				heads = append(heads, spaced(textOf(n)))
			}
		}
	}
	return heads
}

// textOf returns the text of an element without the anchor of headings.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.ChildNodes() {
		switch {
		case c.Type == html.TextNode:
			b.WriteString(c.Data)
		case document.Attribute(c.Attr, "class") != "anchor":
			b.WriteString(textOf(c))
		}
	}
	return b.String()
}

func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }
