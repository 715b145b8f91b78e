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
	_, err := typst.Find()
	if errors.Is(err, typst.ErrNotFound) {
		if _, err = browser.Find(); errors.Is(err, browser.ErrNotFound) {
			return ErrNotFound
		}
	}
	return err
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
