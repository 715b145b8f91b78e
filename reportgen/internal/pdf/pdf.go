// Package pdf prints a document with Chromium: pages of A4 with running heads,
// page numbers in the contents, an outline, and tags for those who have it read
// to them.
//
//	err := pdf.Write(ctx, w, document, pdf.Options{})
//
// What is wider than a page is made to fit: the browser would shrink the whole
// report, and cut off what is wider still. Wide tables are set smaller, and printed in
// parts where nobody could read them.
//
// The page is printed twice: only the first printing tells on which page a
// section begins. Chromium writes the time of printing into a file; Write puts
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
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/html"
)

// Options are how a document is printed. The zero value finds a browser and
// dates the file to the beginning of 1970.
type Options struct {
	Browser string    // the program; "" for what browser.Find finds
	Time    time.Time // when the file is said to be made; the zero value for 1970
}

// fit makes wide content fit the page.
//
//go:embed fit.js
var fit string

// width and height are a page of A4 less its margins in CSS pixels, as the style
// sheet of what is printed says.
const width, height = 634, 946

// printings bounds how often a document is printed until the page numbers in
// its contents are those of its pages.
const printings = 4

// Write prints the document to w. The error is browser.ErrNotFound where there
// is no browser.
func Write(ctx context.Context, w io.Writer, d *document.Document, o Options) (err error) {
	program := o.Browser
	if program == "" {
		if program, err = browser.Find(); err != nil {
			return fmt.Errorf("PDF: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "reportgen-pdf-")
	if err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	tab, end := browser.Start(ctx, program, filepath.Join(dir, "profile"))
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
	numbers := map[string]int{}
	for range printings {
		if data, err = printed(tab, dir, d, numbers); err != nil {
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
	_, err = w.Write(normalised(data, o.Time, made))
	return err
}

// version is the name and version of the browser.
func version(tab context.Context) (string, error) {
	is, err := chromedp.Call(tab, cdpbrowser.GetVersion, cdp.Empty{})
	if err != nil {
		return "", err
	}
	return browserName(is.Product), nil
}

// show has the browser show pages as it prints them.
func show(tab context.Context) error {
	_, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if err != nil {
		return err
	}
	return chromedp.Do(tab, chromedp.EmulateViewport(width, height))
}

// printed is the PDF of the document with the given page numbers.
func printed(tab context.Context, dir string, d *document.Document, numbers map[string]int) ([]byte, error) {
	var b bytes.Buffer
	if err := html.WritePrint(&b, d, html.Print{Pages: numbers}); err != nil {
		return nil, err
	}
	name := filepath.Join(dir, "report.html")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		return nil, err
	}
	yes := true
	address := (&url.URL{Scheme: "file", Path: name}).String()
	if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(tab, chromedp.Evaluate[any](fit)); err != nil {
		return nil, err
	}
	result, err := chromedp.Call(tab, page.PrintToPDF, page.PrintToPDFParams{
		PrintBackground: &yes, PreferCSSPageSize: &yes, GenerateTaggedPDF: &yes, GenerateDocumentOutline: &yes,
	})
	if err != nil {
		return nil, err
	}
	return result.Data, nil
}
