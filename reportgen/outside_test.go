package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// TestPicturesOutside: a run embeds no file from outside of the notebook's folder,
// also where a link in the folder leads to it.
func TestPicturesOutside(t *testing.T) {
	dir := notebookFolder(t, map[string]string{"secret.svg": `<svg viewBox="0 0 9 9"><desc>SECRET</desc></svg>`})
	source, err := nbformat.Marshal(&nbformat.Notebook{Minor: 5, Metadata: map[string]any{"kernelspec": map[string]any{"name": "gonb", "language": "go", "display_name": "Go"}},
		Cells: []*nbformat.Cell{{Type: nbformat.Markdown, ID: "a", Source: "# Title\n\n![above](../secret.svg)\n\n![linked](link.svg)"}}})
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, map[string]string{"notebooks/a.ipynb": string(source)})
	if err := os.Symlink(filepath.Join("..", "secret.svg"), filepath.Join("notebooks", "link.svg")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	status, _, stderr := reportgen(t, "run", "-o", "report", "notebooks")
	for _, want := range []string{`the image "../secret.svg" cannot be shown: not in the notebook's folder; copy it there`, `the image "link.svg" cannot be shown: `} {
		if status != exit.Failed || !strings.Contains(stderr, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, stderr)
		}
	}
	for name, content := range tree(t, "report") {
		if strings.Contains(content, "SECRET") {
			t.Errorf("%s holds the file", name)
		}
	}
}
