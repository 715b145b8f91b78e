package testenv_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/testenv"
)

// probe is a test that records how it ended in place of the one that runs.
type probe struct {
	testing.TB
	skipped, failed string
}

func (p *probe) Helper() {}

func (p *probe) Skipf(format string, args ...any) { p.skipped = format }

func (p *probe) Errorf(format string, args ...any) { p.failed = format }

func (p *probe) Fatalf(format string, args ...any) { p.failed = format }

// TestPath: the module's folder is found wherever the test went since.
func TestPath(t *testing.T) {
	t.Chdir(t.TempDir())
	mod, err := os.ReadFile(testenv.Path(t, "go.mod"))
	if err != nil || !strings.HasPrefix(string(mod), "module github.com/flowbook/flowbook\n") {
		t.Errorf("%s: %.60q, error %v", testenv.Path(t, "go.mod"), mod, err)
	}
}

// TestMissing: a test is skipped if what it asks for is missing, and not otherwise.
func TestMissing(t *testing.T) {
	t.Setenv("FLOWBOOK_DATA", t.TempDir())
	for name, ask := range map[string]func(testing.TB){
		"data":    func(tb testing.TB) { testenv.Data(tb, "zeek") },
		"file":    func(tb testing.TB) { testenv.File(tb, filepath.Join(t.TempDir(), "x"), "nowhere") },
		"program": func(tb testing.TB) { testenv.Program(tb, "flowbook-no-such-program", "nowhere") },
		"python":  func(tb testing.TB) { testenv.Python(tb, "no_such_package") },
	} {
		p := &probe{TB: t}
		if ask(p); !strings.HasPrefix(p.skipped, "needs ") {
			t.Errorf("%s: skipped with %q", name, p.skipped)
		}
	}
	p := &probe{TB: t}
	testenv.Data(p)
	testenv.Program(p, "go", "nowhere")
	if p.skipped != "" {
		t.Errorf("skipped: %s", p.skipped)
	}
}

// TestGolden: a difference and a missing file fail the test.
func TestGolden(t *testing.T) {
	if testenv.Updating() {
		t.Skip("compares files: skipped with -update")
	}
	path := filepath.Join(t.TempDir(), "golden")
	p := &probe{TB: t}
	func() {
		defer func() { _ = recover() }()
		testenv.Golden(p, path, "a\n")
	}()
	if p.failed == "" {
		t.Error("a missing golden file passes")
	}
	if err := os.WriteFile(path, []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	testenv.Golden(t, path, "a\n")
	p = &probe{TB: t}
	if testenv.Golden(p, path, "b\n"); p.failed == "" {
		t.Error("a difference passes")
	}
}
