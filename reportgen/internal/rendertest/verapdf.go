package rendertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// VeraPDF returns what veraPDF (https://verapdf.org) says of a PDF: a line with its verdict for each flavour, such as ua1 or
// 2b, and one for each fault. It skips the test if there is no Java or no veraPDF, which rendertest/fetch-verapdf installs
// in .tools; $FLOWBOOK_VERAPDF may name another folder of its .jar files.
func VeraPDF(t testing.TB, pdf []byte, flavours ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("checks a PDF with veraPDF: skipped with -short")
	}
	java := testenv.Program(t, "java", "openjdk-17-jre-headless")
	folder := os.Getenv("FLOWBOOK_VERAPDF")
	if folder == "" {
		folder = testenv.Path(t, ".tools", "verapdf")
	}
	testenv.File(t, folder, "reportgen/internal/rendertest/fetch-verapdf, which fetches veraPDF")
	name := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(name, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-cp", filepath.Join(folder, "*"), testenv.Path(t, "reportgen/internal/rendertest/verapdf/Verify.java"), name}, flavours...)
	out, err := exec.CommandContext(t.Context(), java, args...).Output()
	if err != nil {
		t.Fatalf("veraPDF: %v", err)
	}
	return string(out)
}
