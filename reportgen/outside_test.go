package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/exit"
	"github.com/flowbook/flowbook/reportgen/nbformat"
)

// TestPicturesOutside: a run embeds no file from outside of the notebook's folder,
// also where a link in the folder leads to it. A file beside the folder belongs to the project.
func TestPicturesOutside(t *testing.T) {
	outside := t.TempDir()
	testenv.WriteFiles(t, outside, map[string]string{"secret.svg": `<svg viewBox="0 0 9 9"><text>SECRET</text></svg>`})
	dir := notebookFolder(t, map[string]string{
		"images/shared.svg":  `<svg viewBox="0 0 9 9"><text>SHARED</text></svg>`,
		"images/.hidden.svg": `<svg viewBox="0 0 9 9"><text>SECRET</text></svg>`,
	})
	above, err := filepath.Rel(filepath.Join(dir, "notebooks"), filepath.Join(outside, "secret.svg"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := nbformat.Marshal(&nbformat.Notebook{Minor: 5, Metadata: map[string]any{"kernelspec": map[string]any{"name": "gonb", "language": "go", "display_name": "Go"}},
		Cells: []*nbformat.Cell{{Type: nbformat.Markdown, ID: "a", Source: "# Title\n\n![above](" + above + ")\n\n![linked](link.svg)\n\n![hidden](../images/.hidden.svg)\n\n![shared](../images/shared.svg)"}}})
	if err != nil {
		t.Fatal(err)
	}
	testenv.WriteFiles(t, dir, map[string]string{"notebooks/a.ipynb": string(source)})
	if err := os.Symlink(filepath.Join(outside, "secret.svg"), filepath.Join("notebooks", "link.svg")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	status, _, stderr := reportgen(t, "run", "-o", "report", "notebooks")
	for _, want := range []string{`cannot be shown: not in the project of the notebook; copy it there`, `the image "link.svg" cannot be shown: `, `the image "../images/.hidden.svg" cannot be shown: a hidden file`} {
		if status != exit.Done || !strings.Contains(stderr, want) {
			t.Errorf("status %d, no %q in\n%s", status, want, stderr)
		}
	}
	shared := false
	for name, content := range testenv.Tree(t, "report") {
		shared = shared || strings.HasPrefix(name, "figures/") && strings.Contains(content, "SHARED")
		if strings.Contains(content, "SECRET") {
			t.Errorf("%s holds the file", name)
		}
	}
	if !shared {
		t.Error("the picture beside the notebooks' folder is not shown")
	}
}
