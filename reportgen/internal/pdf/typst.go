package pdf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/typst"
)

// ErrNotFound says that neither Typst nor a browser is found.
var ErrNotFound = fmt.Errorf("no Typst found, and %w", browser.ErrNotFound)

// Available returns nil if a program is found that can print, or ErrNotFound.
func Available() error {
	_, _, err := find()
	return err
}

// find returns the program of Typst or, if there is none, of a browser. The other is "".
func find() (compiler, chromium string, err error) {
	compiler, err = typst.Find()
	if !errors.Is(err, typst.ErrNotFound) {
		return compiler, "", err
	}
	if chromium, err = browser.Find(); errors.Is(err, browser.ErrNotFound) {
		err = ErrNotFound
	}
	return "", chromium, err
}

// compile writes the document with Typst.
func compile(ctx context.Context, w io.Writer, d *document.Document, program string, o Options) error {
	version, err := typst.Version(ctx, program)
	if err != nil {
		return fmt.Errorf("PDF: %w", err)
	}
	made := Made{Browser: version}
	if made.Digest, err = Digest(d); err != nil {
		return err
	}
	return typst.Compile(ctx, w, d, typst.Options{Program: program, Time: o.Time, Keywords: made.creator(), Warn: o.Warn})
}

// keywords matches how a file that Typst made names its making.
var keywords = regexp.MustCompile(`/Keywords\s*\((Flowbook reportgen, \S+, document [0-9a-f]{32})\)`)
