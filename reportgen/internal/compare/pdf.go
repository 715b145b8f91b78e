package compare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/report"
)

// printable returns the formats without the PDF if there is no program to print it.
func printable(formats []string) ([]string, error) {
	if !slices.Contains(formats, "pdf") {
		return formats, nil
	}
	err := pdf.Available()
	if errors.Is(err, pdf.ErrNotFound) {
		return slices.DeleteFunc(formats, func(f string) bool { return f == "pdf" }), nil
	}
	return formats, err
}

// printed is the result of comparing the PDFs of two reports.
type printed struct {
	stale bool
	note  string // why the pages were not compared, or what explains a difference
}

func (p printed) write(w io.Writer) {
	if p.note != "" {
		fmt.Fprintln(w, p.note)
	}
}

// comparePDF compares the PDF of the report in was with the one in fresh, which was printed from the document with the
// given digest. Every byte counts if the same browser printed both and similar does not say that the documents differ in
// what is volatile. Otherwise the printed documents are compared, whose digest each PDF holds.
func comparePDF(was, fresh, digest string, similar bool) (printed, error) {
	old, err := os.ReadFile(filepath.Join(was, report.PDFName))
	if errors.Is(err, fs.ErrNotExist) {
		return printed{}, nil
	}
	if err != nil {
		return printed{}, err
	}
	now, err := os.ReadFile(filepath.Join(fresh, report.PDFName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return printed{}, err
	}
	if bytes.Equal(old, now) {
		return printed{}, nil
	}
	before, ok := pdf.ReadMade(old)
	if !ok {
		return printed{true, report.PDFName + ": damaged, or not printed by reportgen; print it again"}, nil
	}
	after, _ := pdf.ReadMade(now)
	here := "no browser was found here"
	switch after.Browser {
	case before.Browser:
		if before.Digest != digest {
			return printed{stale: true}, nil
		}
		if similar {
			return printed{note: report.PDFName + ": pages not compared, because they show random identifiers, addresses or timings; the printed document is up to date"}, nil
		}
		return printed{true, fmt.Sprintf("%s: the same browser (%s) printed the same document, but the bytes differ: the fonts or the date changed, or the file was edited", report.PDFName, before.Browser)}, nil
	case "":
	default:
		here = "the browser here is " + after.Browser
	}
	note := fmt.Sprintf("%s: pages not compared, because %s printed it and %s; ", report.PDFName, before.Browser, here)
	if before.Digest == digest {
		return printed{false, note + "the printed document is up to date"}, nil
	}
	return printed{true, note + "the printed document is stale"}, nil
}
