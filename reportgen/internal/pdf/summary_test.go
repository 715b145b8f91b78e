package pdf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/typst"
)

// The summary of the sample report is one page, printed by Chromium and by Typst.
func TestSummaryOnOnePage(t *testing.T) {
	d := rendertest.Sample(t)
	for _, engine := range []string{"Chromium", "Typst"} {
		t.Run(engine, func(t *testing.T) {
			var data []byte
			if engine == "Chromium" {
				data = write(t, d, pdf.Options{})
			} else {
				var b bytes.Buffer
				if err := typst.Compile(t.Context(), &b, d, typst.Options{Program: rendertest.Typst(t)}); err != nil {
					t.Fatal(err)
				}
				data = b.Bytes()
			}
			name := filepath.Join(t.TempDir(), "report.pdf")
			if err := os.WriteFile(name, data, 0o666); err != nil {
				t.Fatal(err)
			}
			pages := rendertest.Pages(t, name)
			for i, text := range pages[:len(pages)-1] {
				if strings.Contains(text, "devices have an alert.") {
					if next := pages[i+1]; !strings.Contains(next, "This report analyses one day") {
						t.Errorf("the summary goes on behind page %d: %.300s", i+1, next)
					}
					return
				}
			}
			t.Error("there is no summary")
		})
	}
}
