package render_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/document"
	"github.com/flowbook/flowbook/reportgen/render"
)

// decoded returns the document after it was written as JSON and read. The tests that render a document compare what is
// written from both.
func decoded(t testing.TB, d *document.Document) *document.Document {
	t.Helper()
	var b bytes.Buffer
	if err := document.Encode(&b, d); err != nil {
		t.Fatal(err)
	}
	read, err := document.Decode(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	return read
}

// checkDecodedMarkdown checks that the decoded document gives the files in dir.
func checkDecodedMarkdown(t testing.TB, d *document.Document, dir string) {
	t.Helper()
	again := t.TempDir()
	if err := render.WriteMarkdown(again, decoded(t, d)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(again, name))
		if filepath.Ext(name) == ".md" {
			want = bytes.ToValidUTF8(want, []byte("\uFFFD")) // as JSON is
		}
		if err == nil && !bytes.Equal(want, got) {
			t.Errorf("the decoded document gives another %s", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
