// Package render makes a report of executed notebooks of any kernel.
//
// [Build] reads notebooks into one document (package document): headings become
// numbered sections, captioned outputs numbered figures and tables, @fig-x in
// prose a reference to them. [WriteHTML] writes it as one self-contained page,
// [WriteSite] as a page for each section, [WritePDF] on paper, [WriteMarkdown] as
// report.md with a file for each figure, for GitHub.
//
//	document, warnings, err := render.Build([]render.Input{
//		{Name: "1-introduction.ipynb", Notebook: nb, Files: root.FS()},
//	}, render.Options{Title: "A day of flows", Date: "2024-04-20"})
//	for _, w := range warnings {
//		fmt.Fprintln(stderr, "warning:", w)
//	}
//	if document == nil { return err }
//	err = errors.Join(err, render.WriteHTML(page, document), render.WriteMarkdown(dir, document))
//
// What a notebook may say, beyond Markdown as GitHub reads it:
//
//   - # Title {#sec-x}, {.unnumbered}: a section, its label, or without a number;
//   - $…$, $$…$$ {#eq-x}, \begin{align}: formulas, which become MathML, and their
//     label;
//   - @fig-x, @tbl-x, @sec-x, @eq-x, @lst-x: references; @fig-x-2 is the second
//     part of a figure;
//   - @cell-x: a reference to the cell whose label is cell-x, or whose label or id
//     is x; [](#x) and [](2-hosts.ipynb#x) lead there too, and to whatever else
//     has a label;
//   - [@key], [@key, p. 3; @other], @key: citations of Options.Works;
//   - > [!NOTE], as GitHub has it: what a reader should not miss;
//   - [^x]: a footnote, whose text may stand in another cell;
//   - ![alt](file): a picture of the notebook's folder or of the cell;
//   - at the head of a code cell, behind //| or #|, Quarto's label, fig-cap,
//     fig-subcap, fig-alt, layout-ncol, tbl-cap, tbl-subcap, lst-cap, echo,
//     code-fold, code-summary, output, include, eval, warning and error;
//   - as tags of a cell, MyST's hide- and remove- input, output and cell,
//     remove-stdout and remove-stderr, papermill's parameters, and
//     raises-exception;
//   - as metadata of an output, under reportgen: kind, label, caption and alt of
//     a figure or table. A table's rows, and the data that a figure draws, come
//     as application/vnd.dataresource+json.
//
// A document comes back even where err is not nil: what is wrong (a reference
// to nothing, a label used twice, a figure without alt text) is joined in err,
// one *[Problem] each, and marked where it stands, so that a partial report
// can be written. Where a cell failed, references to what it may have made are
// only warnings.
//
// Nothing that is written depends on the clock, the machine or the order of a
// map: the same notebooks and options give the same bytes; those of a PDF
// depend on the browser too. What a notebook holds is not trusted, but for HTML
// that its cells printed where Input.Executed or Options.Trust says so: see the
// packages svg, tex and html.
package render

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/flowbook/flowbook/reportgen/internal/cite"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/html"
	"github.com/flowbook/flowbook/reportgen/internal/markdown"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Input is one executed notebook, in the report's order.
type Input struct {
	Name     string // the file's name, as errors say it
	Notebook *nbformat.Notebook
	Files    fs.FS // the notebook's folder, for images in its prose; nil for none
	// Executed says that the caller ran the notebook's cells: the HTML that they
	// printed is trusted, except that of cells that are not run.
	Executed bool
}

// Options are what the notebooks do not say themselves. The zero value is a
// report without a title page that shows its code.
type Options struct {
	Lang       string // BCP 47, "" for English
	Title      string // "" for that of the first notebook whose metadata have one
	Subtitle   string
	Authors    []string // none for those of the notebooks' metadata
	Date       string
	Abstract   string     // Markdown
	Works      cite.Works // what prose may cite, as [@key]
	Trust      bool       // HTML outputs are printed as they are, scripts included
	Code       CodeMode
	Provenance []document.Field // printed at the end: inputs with their SHA-256, versions
}

// CodeMode says what becomes of the source of a cell that does not say so
// itself, by echo, code-fold or a tag.
type CodeMode int

// The modes of code.
const (
	CodeShown CodeMode = iota
	CodeFolded
	CodeHidden
)

// ParseCodeMode reads "show", "fold" or "hide"; "" is show.
func ParseCodeMode(s string) (CodeMode, error) {
	switch s {
	case "", "show":
		return CodeShown, nil
	case "fold":
		return CodeFolded, nil
	case "hide":
		return CodeHidden, nil
	}
	return 0, fmt.Errorf("code: %q is not show, fold or hide", s)
}

// Build makes a document of notebooks. The error joins one *Problem for each
// fault of the notebooks; the document is nil only where there is no notebook.
func Build(inputs []Input, o Options) (*document.Document, []Warning, error) {
	if len(inputs) == 0 {
		return nil, nil, errors.New("no notebooks to render")
	}
	b := newBuilder(titled(o, inputs))
	for _, in := range inputs {
		b.notebook(in)
	}
	b.resolve()
	return b.doc, b.warnings, errors.Join(b.problems...)
}

// WriteHTML writes the document as one HTML page that requests nothing.
func WriteHTML(w io.Writer, d *document.Document) error { return html.Write(w, d) }

// WriteSite writes the document as a site: index.html in dir, and a page beside
// it for each section of the first depth. The folder must exist; files of other
// names in it are left.
func WriteSite(dir string, d *document.Document) error { return html.WriteSite(dir, d) }

// WritePDF prints the document with Chromium, dated to the given time, or to
// 1970 where that is zero. The error is browser.ErrNotFound where no browser is
// found.
func WritePDF(ctx context.Context, w io.Writer, d *document.Document, made time.Time) error {
	return pdf.Write(ctx, w, d, pdf.Options{Time: made})
}

// WriteMarkdown writes the document as dir/report.md and its pictures in
// dir/figures. The folder must exist; files of other names in it are left.
func WriteMarkdown(dir string, d *document.Document) error { return markdown.Write(dir, d) }
