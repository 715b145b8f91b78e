package translate

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// The Portuguese catalog of the sample notebooks has every text in them: paragraphs,
// what cells format, titles of columns, and the texts of rules.
func TestPortuguese(t *testing.T) {
	dir := testenv.Path(t, "notebooks")
	source, err := os.ReadFile(filepath.Join(dir, "pt.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := Parse(source, "pt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for text := range tr.messages {
		known[plainVerbs(text)] = true
	}
	texts := slices.Concat(cellTexts(t, dir), columnTitles(t), ruleTexts())
	if len(texts) < 300 {
		t.Fatalf("only %d texts are found", len(texts))
	}
	for _, text := range texts {
		if !known[plainVerbs(text)] {
			t.Errorf("pt.yaml: no translation of %q", text)
		}
	}
	for _, name := range sampleNotebooks(t, dir) {
		for _, c := range read(t, name).Cells {
			if c.Type == nbformat.Markdown {
				tr.Markdown(c.Source)
			}
		}
	}
	for _, text := range tr.Missing() {
		t.Errorf("pt.yaml: no translation of the paragraph %q", text)
	}
}

var anyVerb = regexp.MustCompile(`%(?:\[\d\])?[-+#0-9.]*[sdgqvf]`)

// plainVerbs returns a text with the same verb everywhere.
func plainVerbs(text string) string { return anyVerb.ReplaceAllString(oneLine(text), "%s") }

// sampleNotebooks returns the notebooks of the sample report.
func sampleNotebooks(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "[1-5]-*.ipynb"))
	if err != nil || len(names) != 5 {
		t.Fatal(err, names)
	}
	return append(names, filepath.Join(dir, "sentinel.ipynb"), filepath.Join(dir, "history.ipynb"), filepath.Join(dir, "investigate.ipynb"), filepath.Join(dir, "fortnight/day.ipynb"))
}

func read(t *testing.T, name string) *nbformat.Notebook {
	t.Helper()
	nb, err := nbformat.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return nb
}

// cellTexts returns the formats of the functions of nb that show text.
func cellTexts(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	for _, name := range sampleNotebooks(t, dir) {
		for _, c := range read(t, name).Cells {
			if c.Type == nbformat.Code {
				all = append(all, formats(c.Source)...)
				for _, option := range captions.FindAllString(c.Source, -1) {
					for _, m := range quoted.FindAllStringSubmatch(option, -1) {
						all = append(all, m[1])
					}
				}
			}
		}
	}
	return all
}

// captions matches options of cells with captions.
var (
	captions = regexp.MustCompile(`//\| (?:fig|tbl)-(?:sub)?cap: .*`)
	quoted   = regexp.MustCompile(`"([^"]+)"`)
)

// formats returns the first texts of calls of nb.Prose, Caption, Alt and Otherwise, and the
// second one of nb.Title.
func formats(source string) []string {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile("", files.Base(), len(source)), []byte(source), func(token.Position, string) {}, 0)
	var all []string
	text, wanted, call := "", "", ""
	end := func() {
		if text != "" && wanted != "skip" && !strings.HasPrefix(text, "##") {
			all = append(all, text)
		}
		text, wanted = "", ""
	}
	for {
		_, tok, literal := s.Scan()
		switch {
		case tok == token.EOF:
			end()
			return all
		case tok == token.IDENT:
			call = literal
		case tok == token.LPAREN && slices.Contains([]string{"Prose", "Caption", "Alt", "Otherwise", "Title"}, call):
			text, wanted = "", call
		case tok == token.STRING && wanted == "Title":
			wanted = "Title2"
		case tok == token.STRING && wanted != "":
			part, _ := strconv.Unquote(literal)
			text += part
		case tok == token.ADD || tok == token.COMMA && wanted == "Title2" && text == "":
		default:
			end()
		}
	}
}

var title = regexp.MustCompile(`Title: +"([^"]+)"`)

// columnTitles returns the titles of the columns of frames.
func columnTitles(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile(testenv.Path(t, "pkg/frame/columns.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range title.FindAllStringSubmatch(string(source), -1) {
		all = append(all, m[1])
	}
	return all
}

func ruleTexts() []string {
	var all []string
	for _, r := range detect.Rules() {
		all = slices.Concat(all, []string{r.Title, r.Description}, r.Conditions, r.Response, r.FalsePositives)
	}
	return all
}
