package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
)

// pdfName is the printed report.
const pdfName = "report.pdf"

// printable is the formats without the PDF where there is no browser to print it.
func printable(formats []string) ([]string, error) {
	if !slices.Contains(formats, "pdf") {
		return formats, nil
	}
	_, err := browser.Find()
	if errors.Is(err, browser.ErrNotFound) {
		return slices.DeleteFunc(formats, func(f string) bool { return f == "pdf" }), nil
	}
	return formats, err
}

// printed is what check finds of a PDF.
type printed struct {
	stale bool
	note  string // what the reader must know of it, "" for nothing
}

func (p printed) tell(w io.Writer) {
	if p.note != "" {
		fmt.Fprintln(w, p.note)
	}
}

// comparePDF compares the PDF in was with the one in fresh. Every byte counts where
// the same browser printed both; else the document does that was printed, whose
// digest a PDF holds and which is given of now.
func comparePDF(was, fresh, digest string) (printed, error) {
	old, err := os.ReadFile(filepath.Join(was, pdfName))
	if errors.Is(err, fs.ErrNotExist) {
		return printed{}, nil
	}
	if err != nil {
		return printed{}, err
	}
	now, err := os.ReadFile(filepath.Join(fresh, pdfName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return printed{}, err
	}
	if bytes.Equal(old, now) {
		return printed{}, nil
	}
	before, ok := pdf.ReadMade(old)
	if !ok {
		return printed{true, pdfName + " does not say how it was printed, or is damaged: print it again"}, nil
	}
	after, _ := pdf.ReadMade(now)
	here := "there is no browser here"
	switch after.Browser {
	case before.Browser:
		if before.Digest != digest {
			return printed{stale: true}, nil
		}
		return printed{true, fmt.Sprintf("%s was printed of the same document by the same browser (%s) and has other bytes: its fonts or its date are others, or it was edited", pdfName, before.Browser)}, nil
	case "":
	default:
		here = "here is " + after.Browser
	}
	note := fmt.Sprintf("%s was printed by %s and %s, so its pages are not compared: ", pdfName, before.Browser, here)
	if before.Digest == digest {
		return printed{false, note + "what was printed is what the notebooks give"}, nil
	}
	return printed{true, note + "what was printed is not what the notebooks give"}, nil
}
