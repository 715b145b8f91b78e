package render_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/typst"
	"github.com/flowbook/flowbook/reportgen/nbformat"
	"github.com/flowbook/flowbook/reportgen/render"
)

// typstPayloads are attempts to run code of Typst, to read a file or to load a package, and to end the text, string, formula,
// code block, label or comment that they are in. If one is evaluated, the report does not compile, or prints the secret.
func typstPayloads(secret string) []string {
	attacks := []string{
		`#panic("pwned")`, `#read("` + secret + `")`, `#image("` + secret + `")`, `#include "` + secret + `"`, `#import "@preview/cetz:0.3.0"`, `#import "` + secret + `": *`,
		`#eval("panic(1)")`, `#plugin("` + secret + `")`, `#json("` + secret + `")`, `#sys.inputs.pwned`, `#show: panic`, `#set page(width: 0pt); #panic()`,
	}
	wraps := []string{
		"%s", "]%s[", "\"%s", "\\\"); %s", "$ %s $", "$%s", "```%s```", "``` %s", "`%s`", "<%s>", "@%s", "/* %s */", "*/ %s", "// \n%s", "= %s", "- %s", "+ %s", "/ a: %s", "\\%s", "\\\\%s",
		"{%s}", "[%s](%s)", "](%s)[", "~~~typst\n%s\n~~~", "$$\n\\text{%s}\n$$", "$\\operatorname{%s}$", "| a |\n|--|\n| %s |", "<p>%s</p>", "<b>]%s</b>", "<pre>%s</pre>",
		"<table><tr><td rowspan=2>]%s[</td></tr></table>", "<a href='%s'>x</a>", "<a href='\"); %s//'>x</a>", "![%s](x.png)", "&#35;%s", "\u2028%s", "\x00%s", "#{%s}", "#(%s)", "# %s", "\\u{23}%s",
	}
	var all []string
	for i, w := range wraps {
		for j, a := range attacks {
			if (i+j)%2 == 0 {
				all = append(all, strings.ReplaceAll(w, "%s", a))
			}
		}
	}
	return all
}

// TestHostileTypst compiles reports of hostile notebooks with Typst: nothing that a notebook holds is code, reads a file or
// loads a package.
func TestHostileTypst(t *testing.T) {
	program := rendertest.Typst(t)
	secret := filepath.Join(t.TempDir(), "secret.typ")
	testenv.WriteFiles(t, filepath.Dir(secret), map[string]string{filepath.Base(secret): "SECRETOFTHEMACHINE"})
	payloads := slices.Concat(typstPayloads(secret), rendertest.Payloads(), rendertest.MutationPayloads())
	if len(payloads) < 700 {
		t.Fatalf("%d payloads", len(payloads))
	}
	for part := range slices.Chunk(payloads, len(payloads)/6+1) {
		var inputs []render.Input
		for i, payload := range part {
			summary := &nbformat.Notebook{Minor: 5, Cells: []*nbformat.Cell{tagged(markdownCell(payload), "summary")}}
			inputs = append(inputs, render.Input{Name: fmt.Sprintf("%d.ipynb", i), Notebook: hostileNotebook(payload)}, render.Input{Name: fmt.Sprintf("s%d.ipynb", i), Notebook: summary})
		}
		d, _, _ := render.Build(inputs, render.Options{Title: part[0]})
		dir := t.TempDir()
		if err := typst.Write(dir, d); err != nil {
			t.Fatal(err)
		}
		for name := range testenv.Tree(t, dir) {
			if name != typst.FileName && !strings.HasPrefix(name, "figures/") {
				t.Errorf("%s is written", name)
			}
		}
		source, err := os.ReadFile(filepath.Join(dir, typst.FileName))
		if err != nil {
			t.Fatal(err)
		}
		var pdf bytes.Buffer
		if err := typst.Compile(t.Context(), &pdf, d, typst.Options{Program: program, Warn: func(string) {}}); err != nil {
			t.Errorf("a report of hostile notebooks does not compile (%d bytes of source): %v", len(source), err)
			continue
		}
		path := filepath.Join(t.TempDir(), "report.pdf")
		if err := os.WriteFile(path, pdf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(source, []byte("SECRETOFTHEMACHINE")) || strings.Contains(textOfPDF(t, path), "SECRETOFTHEMACHINE") {
			t.Error("a file of the machine is in the report")
		}
	}
}

// textOfPDF returns the text of a PDF; "" without pdftotext.
func textOfPDF(t *testing.T, path string) string {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		return ""
	}
	out, err := exec.CommandContext(t.Context(), program, path, "-").Output()
	if err != nil {
		t.Error(err)
	}
	return string(out)
}
