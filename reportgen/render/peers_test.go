package render_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// convert has nbconvert convert all notebooks below a folder, as one JSON object.
const convert = `
import glob, json, os, sys, warnings
warnings.filterwarnings("ignore")
import nbformat
from nbconvert import HTMLExporter
exporter = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True)
pages = {}
for name in sorted(glob.glob(sys.argv[1] + "/**/*.ipynb", recursive=True)):
    try:
        pages[os.path.relpath(name, sys.argv[1])] = exporter.from_notebook_node(nbformat.read(name, 4))[0]
    except Exception:
        pass  # nbconvert cannot read it
json.dump(pages, sys.stdout)
`

// TestNotebooksOfOthers renders notebooks of other projects and checks that the
// visible text, the pictures, the formulas and the links of nbconvert's HTML are in the
// report, or that a warning names what is missing. The notebooks are those of
// .tools/notebooks, which fetch-notebooks fetches.
func TestNotebooksOfOthers(t *testing.T) {
	dir := testenv.Path(t, ".tools", "notebooks")
	python := testenv.File(t, filepath.Join(dir, "python", "bin", "python"), "reportgen/render/fetch-notebooks, which fetches notebooks of others")
	source := filepath.Join(dir, "source")
	command := exec.CommandContext(t.Context(), python, "-c", convert, source)
	command.Stderr = os.Stderr
	converted, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pages map[string]string
	if err := json.Unmarshal(converted, &pages); err != nil {
		t.Fatal(err)
	}
	if len(pages) < 150 {
		t.Errorf("%d notebooks, want 150", len(pages))
	}
	kinds := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		losses, warnings := compareWithPeer(t, source, name, pages[name])
		for _, l := range losses {
			if named(l, warnings) {
				kinds[l.kind+", named in a warning"] += l.count
				continue
			}
			kinds[l.kind+", not named"] += l.count
			t.Errorf("%s: no warning names %d lost (%s): %s\n\t%s", name, l.count, l.kind, l.what, strings.Join(warnings, "\n\t"))
		}
		if len(losses) == 0 {
			kinds["notebooks that have all that nbconvert shows"]++
		}
	}
	t.Logf("%d notebooks", len(pages))
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%6d %s", kinds[kind], kind)
	}
}

// loss is something of one kind that nbconvert's page has and the report has not.
type loss struct {
	kind  string // word, picture, formula or link
	what  string // a word, or the address of a link
	count int
	cells []int // the cells that have it, from 1; nil if unknown
}

// causes are what warnings say of losses of a kind. Text of a cell is lost with the
// output, element or cell that holds it.
var causes = map[string]*regexp.Regexp{
	"picture": regexp.MustCompile(`the image "|a figure.* cannot be shown|a video|a sound|embedded page|an output is omitted|an inline SVG|removed from HTML: <(?:img|svg|canvas|video|audio)`),
	"formula": regexp.MustCompile(`formula |LaTeX|cell of type|an output is omitted`),
	"link":    regexp.MustCompile(`removed from HTML|an output is omitted|cell of type|an embedded page`),
	"word":    regexp.MustCompile(`removed from HTML: <(?:script|style|template|noscript|iframe|math)|an output is omitted|cell of type|more cells than the header|cannot be (?:shown|printed)|formula |of a widget|embedded page|the first|[0-9] MB|shown as plain text only`),
}

// cellOf matches the cells that a warning names. Others are counted.
var cellOf = regexp.MustCompile(`, cell (\d+)`)

// named reports whether warnings name a loss: its kind, and a cell that has it, for as
// many as are lost.
func named(l loss, warnings []string) bool {
	found := 0
	for _, w := range warnings {
		m := cellOf.FindStringSubmatch(w)
		if !causes[l.kind].MatchString(w) {
			continue
		}
		also := 0
		if also = strings.Count(w, "also in another cell"); also == 0 {
			_, _ = fmt.Sscanf(w[max(0, strings.LastIndex(w, "(also in")):], "(also in %d other", &also)
		}
		if m != nil && also == 0 && l.cells != nil {
			if n, err := strconv.Atoi(m[1]); err != nil || !slices.Contains(l.cells, n) {
				continue
			}
		}
		found += 1 + also
	}
	return found >= l.count
}

// compareWithPeer returns what nbconvert's page has and the report does not, and the
// warnings about the report.
func compareWithPeer(t *testing.T, dir, name, theirs string) (losses []loss, warnings []string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	notebook, err := nbformat.Read(bytes.NewReader(file))
	if err != nil {
		return nil, nil // older than nbformat 4
	}
	root, err := os.OpenRoot(filepath.Join(dir, filepath.Dir(filepath.FromSlash(name))))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	d, found, err := render.Build([]render.Input{{Name: name, Notebook: notebook, Files: root.FS(), Executed: true}}, render.Options{})
	if d == nil {
		t.Fatal(err)
	}
	for _, w := range found {
		if !strings.Contains(w.Text, "alt text") && !strings.Contains(w.Text, "has no heading") {
			warnings = append(warnings, w.String())
		}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, p := range joined.Unwrap() {
			if !strings.Contains(p.Error(), "alt text") {
				warnings = append(warnings, p.Error())
			}
		}
	}
	var page bytes.Buffer
	if err := render.WriteHTML(&page, d); err != nil {
		t.Fatal(err)
	}
	want, got := contentOf(t, theirs), contentOf(t, page.String())
	for _, word := range slices.Sorted(maps.Keys(want.words)) {
		// nbconvert joins the texts of adjacent raw cells to words that no cell has.
		if !strings.Contains(got.text, word) && !onlyRemoved(t, notebook, word) && (!ascii.MatchString(word) || bytes.Contains(file, []byte(word))) {
			losses = append(losses, loss{"word", word, 1, cellsWith(t, notebook, word)})
		}
	}
	if n := want.pictures - got.pictures; n > 0 {
		losses = append(losses, loss{"picture", fmt.Sprintf("%d of %d", n, want.pictures), n, nil})
	}
	// nbconvert leaves dollars of raw cells to MathJax.
	raw := slices.ContainsFunc(notebook.Cells, func(c *nbformat.Cell) bool {
		return c.Type == nbformat.Raw && strings.Contains(c.Source, "$")
	})
	if n := want.formulas - got.formulas; n > 0 && !raw {
		losses = append(losses, loss{"formula", fmt.Sprintf("%d of %d", n, want.formulas), n, nil})
	}
	for _, link := range slices.Sorted(maps.Keys(want.links)) {
		if !got.links[link] {
			losses = append(losses, loss{"link", link, 1, cellsWith(t, notebook, link)})
		}
	}
	return losses, warnings
}

// onlyRemoved reports whether a word is only in cells whose tags leave parts of them out,
// which nbconvert applies only with a setting.
func onlyRemoved(t *testing.T, notebook *nbformat.Notebook, word string) bool {
	t.Helper()
	cells := cellsWith(t, notebook, word)
	return len(cells) > 0 && !slices.ContainsFunc(cells, func(n int) bool {
		return !slices.ContainsFunc(notebook.Cells[n-1].Tags(), func(tag string) bool { return strings.HasPrefix(tag, "remove") })
	})
}

// cellsWith returns the numbers of the cells that hold a text.
func cellsWith(t *testing.T, notebook *nbformat.Notebook, text string) []int {
	t.Helper()
	var all []int
	for i, cell := range notebook.Cells {
		source, err := nbformat.Marshal(&nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{cell}})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(source, []byte(text)) {
			all = append(all, i+1)
		}
	}
	return all
}

// content is what a reader sees of a page.
type content struct {
	words              map[string]bool
	text               string
	pictures, formulas int
	links              map[string]bool
}

var (
	// dollars matches formulas, which nbconvert leaves to MathJax.
	dollars = regexp.MustCompile(`(?s)\$\$.+?\$\$|\\\[.+?\\\]|\\begin\{(?:align|equation|eqnarray|gather)\*?\}.*?\\end\{(?:align|equation|eqnarray|gather)\*?\}|\\\(.+?\\\)|\$(?:[^\s$](?:(?:[^$\n]|\n[^$\n]){0,300}[^\s$])?)\$`)
	// directives matches markup of MyST and Quarto, which nbconvert prints and a report applies, or names in a warning.
	directives = regexp.MustCompile(`:{3,}\s*(?:\{[^}\n]*\}|[A-Za-z][\w-]*)?|\{[a-z]+\}|\([\w.:-]+\)=`)
	ascii      = regexp.MustCompile(`^[0-9A-Za-z]+$`)
	words      = regexp.MustCompile(`[\p{L}\p{N}]{3,}`)
)

// contentOf reads a page.
func contentOf(t *testing.T, page string) content {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	c := content{words: map[string]bool{}, links: map[string]bool{}}
	var b strings.Builder
	var walk func(n *html.Node, code bool)
	walk = func(n *html.Node, code bool) {
		for child := range n.ChildNodes() {
			switch {
			case child.Type == html.TextNode && !code:
				b.WriteString(child.Data)
			case child.Type == html.TextNode:
				// A dollar in code opens no formula.
				b.WriteString(strings.ReplaceAll(child.Data, "$", "\uFF04"))
			case child.Type != html.ElementNode:
			case child.DataAtom == atom.Script || child.DataAtom == atom.Style || child.DataAtom == atom.Noscript || child.DataAtom == atom.Title || child.DataAtom == atom.Head:
			case child.DataAtom == atom.Img || child.DataAtom == atom.Svg || child.DataAtom == atom.Video || child.DataAtom == atom.Audio:
				c.pictures++
			case child.DataAtom == atom.Math:
				c.formulas++
				walk(child, false)
			case nodeClass(child, "missing") && child.DataAtom == atom.Code:
				c.formulas++
				walk(child, true)
			default:
				if child.DataAtom == atom.A && strings.HasPrefix(nodeAttribute(child, "href"), "http") {
					c.links[strings.TrimRight(nodeAttribute(child, "href"), "/")] = true
				}
				b.WriteByte(' ')
				walk(child, code || child.DataAtom == atom.Pre || child.DataAtom == atom.Code)
				b.WriteByte(' ')
			}
		}
	}
	walk(root, false)
	text := b.String()
	c.formulas += len(dollars.FindAllString(text, -1))
	c.text = text
	for _, w := range words.FindAllString(directives.ReplaceAllString(dollars.ReplaceAllString(text, " "), " "), -1) {
		c.words[w] = true
	}
	return c
}

func nodeAttribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func nodeClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(nodeAttribute(n, "class")), class)
}
