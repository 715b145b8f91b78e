// Package pdf prints a document with Typst if it is found (see package typst), else with
// Chromium: pages of A4 with running heads, page numbers in the contents, an outline, and
// tags for screen readers.
//
//	err := pdf.Write(ctx, w, document, pdf.Options{})
//
// # Chromium
//
// Content that is wider than a page is made to fit; the browser would shrink the whole
// report, or cut the content off. Wide tables are scaled down, and split into parts if
// they would become too small to read.
//
// The page is printed twice, since page numbers are known only after the first
// printing. Chromium writes the time of printing into a file; Write puts
// Options.Time there, so that the same document, browser and fonts give the same
// bytes. The file names the browser and the document: see [ReadMade].
package pdf

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/html"
	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// Options are the options of Write.
type Options struct {
	Browser string    // the browser to print with; "" for Typst or the browser that is found
	Time    time.Time // creation date of the file; the zero value is 1970
	// Warn reports characters that no font can print. It may be nil.
	Warn func(message string)
}

// fit makes wide content fit the page.
//
//go:embed fit.js
var fit string

// width and height are those of an A4 page without its margins, in CSS pixels, as in
// the print style sheet.
const width, height = 634, 946

// printings bounds how often a document is printed until the page numbers in
// its contents are those of its pages.
const printings = 4

// Write prints the document to w. The error is ErrNotFound if no program is found.
func Write(ctx context.Context, w io.Writer, d *document.Document, o Options) (err error) {
	program := o.Browser
	if program == "" {
		compiler, chromium, err := find()
		switch {
		case err != nil:
			return fmt.Errorf("PDF: %w", err)
		case compiler != "":
			return compile(ctx, w, d, compiler, o)
		}
		program = chromium
	}
	work, err := workdir.Make(os.TempDir(), "reportgen-pdf-")
	if err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	dir := work.Path
	defer func() { err = errors.Join(err, work.Remove()) }()
	tab, end := browser.Start(ctx, program, filepath.Join(dir, "b"))
	defer end()

	made := Made{}
	if made.Digest, err = Digest(d); err != nil {
		return err
	}
	if made.Browser, err = version(tab); err != nil {
		return fmt.Errorf("PDF: %s: %w", filepath.Base(program), err)
	}
	if err := show(tab); err != nil {
		return fmt.Errorf("PDF: %s: %w", filepath.Base(program), err)
	}
	var data []byte
	var unprintable []string
	numbers := map[string]int{}
	for range printings {
		if data, unprintable, err = printed(tab, dir, d, numbers); err != nil {
			return fmt.Errorf("PDF: %s: %w", filepath.Base(program), err)
		}
		actual, err := anchorPages(data)
		if err != nil {
			return fmt.Errorf("PDF: %s: %w", filepath.Base(program), err)
		}
		if maps.Equal(actual, numbers) {
			break
		}
		numbers = actual
	}
	if len(unprintable) > 0 && o.Warn != nil {
		o.Warn(fmt.Sprintf("PDF: no font has the characters %s; install one, such as Noto", shortList(unprintable)))
	}
	_, err = w.Write(normalised(data, o.Time, made))
	return err
}

// version returns the name and version of the browser.
func version(tab context.Context) (string, error) {
	is, err := chromedp.Call(tab, cdpbrowser.GetVersion, cdp.Empty{})
	if err != nil {
		return "", err
	}
	return browserName(is.Product), nil
}

// show makes the browser lay out pages as for printing.
func show(tab context.Context) error {
	_, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if err != nil {
		return err
	}
	return chromedp.Do(tab, chromedp.EmulateViewport(width, height))
}

// shortList joins at most ten characters.
func shortList(characters []string) string {
	if rest := len(characters) - 10; rest > 0 {
		return strings.Join(characters[:10], " ") + fmt.Sprintf(" and %d more", rest)
	}
	return strings.Join(characters, " ")
}

// printed returns the PDF of the document with the given page numbers, and the characters
// that no font has.
func printed(tab context.Context, dir string, d *document.Document, numbers map[string]int) ([]byte, []string, error) {
	var b bytes.Buffer
	if err := html.WritePrint(&b, d, html.Print{Pages: numbers}); err != nil {
		return nil, nil, err
	}
	name := filepath.Join(dir, "report.html")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		return nil, nil, err
	}
	yes := true
	address := (&url.URL{Scheme: "file", Path: name}).String()
	if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
		return nil, nil, err
	}
	unprintable, err := chromedp.Run(tab, chromedp.Evaluate[[]string](fit))
	if err != nil {
		return nil, nil, err
	}
	result, err := chromedp.Call(tab, page.PrintToPDF, page.PrintToPDFParams{
		PrintBackground: &yes, PreferCSSPageSize: &yes, GenerateTaggedPDF: &yes, GenerateDocumentOutline: &yes,
	})
	if err != nil {
		return nil, nil, err
	}
	return result.Data, unprintable, nil
}
