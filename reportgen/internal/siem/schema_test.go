package siem

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// python runs a script with the virtual environment that `make test` makes and
// returns what it prints.
func python(t *testing.T, stdin []byte, needs, script string, args ...string) string {
	t.Helper()
	return testenv.RunPython(t, []string{needs}, string(stdin), append([]string{filepath.Join("testdata", script)}, args...)...)
}

// The built-in rules parse with pySigma, and its validators find nothing.
func TestSigmaLibrary(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(*Set, *bytes.Buffer) error{
		"sigma": func(s *Set, b *bytes.Buffer) error { return s.writeSigma(b) },
		"yaml":  func(s *Set, b *bytes.Buffer) error { return s.writeYAML(b) },
	} {
		var b bytes.Buffer
		if err := write(s, &b); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%d rules\n", 2*len(detect.Rules()))
		if out := python(t, b.Bytes(), "sigma", "check_sigma.py"); out != want {
			t.Errorf("%s: got %swant %s", name, out, want)
		}
		bad := strings.Replace(b.String(), "condition: internal and not local", "condition: internal and not missing", 1)
		if out := python(t, []byte(bad), "sigma", "check_sigma.py"); out == want {
			t.Errorf("%s: pySigma takes a condition on a selection that is not there: %s", name, out)
		}
	}
}

// The sigma command line checks the rules too.
func TestSigmaCLI(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	cli := testenv.File(t, filepath.Join(filepath.Dir(testenv.Python(t)), "sigma"), "the Python package sigma-cli: run make .venv/.test")
	var b bytes.Buffer
	if err := s.writeSigma(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "flowbook_rules.yml")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), cli, "check", "--fail-on-error", "--fail-on-issues", "-x", "attacktag", "-x", "d3_fendtag", path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "0 errors") {
		t.Errorf("%v\n%s", err, out)
	}
}
