package compare

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flowbook/flowbook/reportgen/internal/browser"
	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/internal/pdf"
	"github.com/flowbook/flowbook/reportgen/internal/rendertest"
	"github.com/flowbook/flowbook/reportgen/internal/report"
	"github.com/flowbook/flowbook/reportgen/render"
)

// Without a browser, the printed document is compared.
func TestPDFWithoutBrowser(t *testing.T) {
	rendertest.Browser(t)
	d := &document.Document{Title: "T", Blocks: []document.Block{document.Prose{Text: text("A text.")}}}
	var b bytes.Buffer
	if err := render.WritePDF(t.Context(), &b, d, time.Time{}, nil); err != nil {
		t.Fatal(err)
	}
	was, fresh := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(was, report.PDFName), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	digest, err := pdf.Digest(d)
	if err != nil {
		t.Fatal(err)
	}
	made, ok := pdf.ReadMade(b.Bytes())
	if !ok || made.Digest != digest {
		t.Fatalf("the PDF says %+v, %v; the digest is %s", made, ok, digest)
	}
	want := printed{note: "report.pdf: pages not compared, because " + made.Browser + " printed it and no browser was found here; the printed document is up to date"}
	if got, err := comparePDF(was, fresh, digest, false); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := comparePDF(was, fresh, "other", false); err != nil || !got.stale {
		t.Errorf("another document: %+v, %v", got, err)
	}
	if got, err := comparePDF(fresh, fresh, digest, false); err != nil || got.stale {
		t.Errorf("no PDF: %+v, %v", got, err)
	}
}

// Without a browser, the other formats are checked all the same.
func TestPrintable(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(browser.Variable, "")
	got, err := printable([]string{"html", "pdf", "site"})
	if diff := cmp.Diff([]string{"html", "site"}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	t.Setenv(browser.Variable, "/nowhere")
	if _, err := printable([]string{"pdf"}); err == nil {
		t.Error("no error for a browser that cannot be run")
	}
}
