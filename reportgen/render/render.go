// Package render converts executed notebooks of any kernel to a report.
//
// [Build] converts notebooks to one [Document]: headings become numbered sections,
// captioned outputs become numbered figures and tables, and @fig-x in prose becomes a
// reference. [WriteHTML] writes the document as one self-contained page, [WriteSite]
// as a page for each section, [WritePDF] on paper, and [WriteMarkdown] as report.md
// with a file for each figure, for GitHub.
//
//	d, warnings, err := render.Build([]render.Input{
//		{Name: "1-introduction.ipynb", Notebook: nb, Files: root.FS()},
//	}, render.Options{Title: "A day of flows", Date: "2024-04-20"})
//	for _, w := range warnings {
//		fmt.Fprintln(stderr, "warning:", w)
//	}
//	if d == nil {
//		return err
//	}
//	err = errors.Join(err, render.WriteHTML(page, d), render.WriteMarkdown(dir, d))
//
// # Notebooks
//
// Markdown is GitHub's, with these extensions:
//
//   - # Title {#sec-x .unnumbered}: a heading with a label, or without a number
//   - $…$, $$…$$ {#eq-x}, \begin{align}: formulas, converted to MathML, with a label; in HTML too
//   - @fig-x, @tbl-x, @sec-x, @eq-x, @lst-x: a reference; @fig-x-2 refers to the second
//     part of a figure
//   - @cell-x: a reference to the cell whose label is cell-x, or whose label or id is x.
//     [](#x) and [](2-hosts.ipynb#x) link to it too, and to anything else with a label
//   - [@key], [@key, p. 3; @other], @key: citations of Options.Works
//   - > [!NOTE]: an alert, as on GitHub; also :::{note} of MyST, ::: {.callout-note} of Quarto
//     and !!! note of MkDocs, and the other names of such boxes. A reader opens and closes those
//     with collapse="true" in Quarto, :class: dropdown in MyST, and ??? in MkDocs. A box may begin
//     in one cell and end in a later one
//   - ::: {.panel-tabset} of Quarto and {tab-set} of MyST: tabs, whose parts are shown one after the other in print. The
//     tabs of Quarto may be in several cells. Tabs of sets with the same group (:sync: in MyST) are chosen together
//   - grid tables of Pandoc; {math}`…`, {eq}`x`, {ref}`x`, {glue}`x` and (x)= of MyST. Other directives,
//     roles, divs and shortcodes are printed as they are, with a warning
//   - [^x]: a footnote, whose text may be in another cell
//   - ![alt](file): a picture in the notebook's project or attached to the cell.
//     ![caption](file){#fig-x fig-alt="…" width=50%}: a figure
//   - ::: {#fig-x layout-ncol=2}: a figure of the pictures in it, with its last paragraph as the
//     caption; also ::: {#tbl-x} of a table, and {figure} and {image} of MyST
//   - [text](file): a link to a file of the project, which is copied into the report
//   - : caption {#tbl-x}: the caption of the table before it
//   - \label, \tag, \ref and \eqref: numbers of formulas, as on nbconvert's pages
//
// The first cell may begin with front matter, YAML between two lines of ---, with title, subtitle, author or authors,
// affiliations, date, abstract, logo and downloads, in the spellings of Quarto and MyST.
//
// A code cell may have:
//
//   - Quarto's options at its top or after %% lines, as //| or #|: label, fig-cap, fig-subcap, fig-alt,
//     layout-ncol, tbl-cap, tbl-subcap, lst-cap, echo, code-fold, code-summary, output,
//     include, eval, warning and error; MyST's caption, alt and kind; and directives of nbdev
//   - as tags, MyST's hide- and remove- input, output and cell, remove-stdout and
//     remove-stderr, papermill's parameters, and raises-exception
//   - the tag summary, as Markdown cells may too: what the cell shows becomes part of the
//     report's first page and of summary.md, instead of its section
//   - in the metadata of an output, under the key reportgen: kind, label, caption and alt
//     of a figure or table. The rows of a table, and the data of a figure, are in its
//     application/vnd.dataresource+json
//
// # Errors
//
// A document is returned even if err is not nil. Faults of the notebooks, such as a
// dead reference, a duplicate label or a figure without alt text, are joined in err,
// one *[Problem] each, and marked in the document, so that a partial report can be
// written. If a cell failed, dead references are only warnings.
//
// # Safety and reproducibility
//
// Notebooks are not trusted, except for HTML outputs of cells if Input.Executed or
// Options.Trust is set: see the packages svg, tex and html.
//
// The result does not depend on the clock, the machine or the order of a map: the same
// notebooks and options give the same bytes. Those of a PDF also depend on the browser.
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
	"github.com/flowbook/flowbook/reportgen/internal/email"
	"github.com/flowbook/flowbook/reportgen/internal/html"
	"github.com/flowbook/flowbook/reportgen/internal/markdown"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/typst"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// Document is a report, as built from notebooks.
type Document = document.Document

// Field is a named value, such as an input of the report and its SHA-256.
type Field = document.Field

// Works are bibliography entries by key.
type Works = cite.Works

// Input is one executed notebook, in the report's order.
type Input struct {
	Name     string // the file's name, for errors
	Notebook *nbformat.Notebook
	Files    fs.FS  // the folder that pictures in prose may come from; nil for none
	Folder   string // the notebook's folder in Files; "" for its root
	// Executed reports whether the caller executed the notebook. Its HTML outputs
	// are then trusted, except those of cells that are skipped.
	Executed bool
}

// Options are the properties of a report that are not in its notebooks. The zero
// value is a report without a title page that shows its code.
type Options struct {
	Lang string // BCP 47; "" for English
	// Title, Subtitle, Date, Abstract, Logo and Downloads are those of the first notebook that has one if they are empty, and Authors
	// those of all notebooks: in the YAML of the first cell, as in Quarto and MyST, or in the metadata.
	Title    string
	Subtitle string
	Date     string
	Abstract string // Markdown
	Logo     []byte // a picture, SVG or bitmap
	Authors  []Author
	// Affiliations are those of Authors.
	Affiliations []string
	Works        Works // works that prose may cite, as [@key]
	Trust        bool  // write HTML outputs as they are, with scripts
	Code         CodeMode
	// Translator translates the texts of the notebooks to Lang. If it is nil, the texts are
	// in that language already, and only numbers of tables and figures get its marks.
	Translator *Translator
	// Scripts are folders of installed packages. Interactive charts are drawn with
	// the scripts that they ship, if Chromium is found.
	Scripts    []string
	Downloads  []Download
	Provenance []Field // printed at the end, such as inputs with their SHA-256
	// Attach keeps a file that the notebooks link to, to be written below FilesFolder
	// in the report's folder. The name is slash-separated. If Attach is nil, such links
	// are warnings.
	Attach func(name string, data []byte) error
}

// CodeMode is how the source of cells is shown, unless a cell has its own echo,
// code-fold or tag.
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

// Build converts notebooks to a document. The error joins one *Problem for each fault
// of the notebooks. The document is nil only if there are no notebooks.
func Build(inputs []Input, o Options) (*Document, []Warning, error) {
	if len(inputs) == 0 {
		return nil, nil, errors.New("no notebooks to render")
	}
	o, fronts, warnings := titled(o, inputs)
	b := newBuilder(translated(o))
	b.warnings = append(b.warnings, warnings...)
	defer b.closeSnapshots()
	for i, in := range inputs {
		b.front = fronts[i]
		b.notebook(in)
	}
	b.downloads(inputs[0])
	b.resolve()
	b.countRepeated()
	b.untranslated()
	return b.doc, b.warnings, errors.Join(b.problems...)
}

// WriteHTML writes the document as one HTML page that loads nothing else.
func WriteHTML(w io.Writer, d *Document) error { return html.Write(w, d) }

// WriteSite writes the document as a site: index.html in dir, and a page beside
// it for each section of depth 1. The folder must exist; other files in it are kept.
func WriteSite(dir string, d *Document) error { return html.WriteSite(dir, d) }

// WriteTypst writes the document as source of Typst, report.typ in dir, and its pictures
// in dir/figures. The folder must exist; other files in it are kept.
func WriteTypst(dir string, d *Document) error { return typst.Write(dir, d) }

// WriteEmail writes the title page and the summary of the document as a message, dated to
// the given time; without a date if that is zero.
func WriteEmail(w io.Writer, d *Document, made time.Time) error {
	return email.Write(w, d, email.Options{Time: made})
}

// WritePDF prints the document with Typst if it is found, else with Chromium. The PDF is
// dated to the given time, or to 1970 if that is zero.
// Characters that no font can print are reported to warn, which may be nil.
func WritePDF(ctx context.Context, w io.Writer, d *Document, made time.Time, warn func(message string)) error {
	return pdf.Write(ctx, w, d, pdf.Options{Time: made, Warn: warn})
}

// WriteMarkdown writes the document as dir/report.md and its pictures in dir/figures.
// The folder must exist; other files in it are kept.
func WriteMarkdown(dir string, d *Document) error { return markdown.Write(dir, d) }
