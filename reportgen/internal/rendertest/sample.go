package rendertest

import (
	"os"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/document"
)

// Sample returns the document of the committed sample report.
func Sample(tb testing.TB) *document.Document {
	tb.Helper()
	f, err := os.Open(testenv.Path(tb, "testdata", "report", "document.json"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	d, err := document.Decode(f)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}
