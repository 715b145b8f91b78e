package html

import (
	"io"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// TestKinds checks that every kind of block has a template.
func TestKinds(t *testing.T) {
	d := &document.Document{Lang: "en", Title: "Kinds", Blocks: document.Kinds()}
	if err := Write(io.Discard, d); err != nil {
		t.Error(err)
	}
}
