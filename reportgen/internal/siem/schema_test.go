package siem

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

var christmas = time.Date(2024, 12, 25, 0, 0, 0, 0, time.UTC)

// sampleInput is the sample days.
func sampleInput(t *testing.T) detect.Input {
	t.Helper()
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	sample := filepath.Join("..", "..", "..", "testdata")
	var in detect.Input
	var errs [4]error
	in.Baseline, _, errs[0] = flowfile.CachedProfile(t.Context(), filepath.Join(sample, "data.parquet"), flowfile.Options{})
	in.Test, _, errs[1] = flowfile.CachedProfile(t.Context(), filepath.Join(sample, "test.parquet"), flowfile.Options{})
	in.Servers, _, errs[2] = flowfile.CachedProfile(t.Context(), filepath.Join(sample, "servers.parquet"), flowfile.Options{})
	in.Geo, errs[3] = geo.Open(filepath.Join(sample, "country.mmdb"), filepath.Join(sample, "asn.mmdb"))
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Geo.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

// sampleAlerts are those of the sample days, and one of each severity with
// evidence of no known shape.
func sampleAlerts(t *testing.T) []Alert {
	t.Helper()
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Detect(sampleInput(t))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		seen[f.Rule] = true
	}
	if want := len(detect.Rules()); len(seen) < want {
		t.Fatalf("the sample days show %d of %d rules", len(seen), want)
	}
	// A few of each kind say what there is to say, and schemas are slow.
	var fs []detect.Finding
	kinds := map[string]int{}
	for _, f := range r.Findings {
		if kind := f.Rule + " " + string(f.Severity); kinds[kind] < 3 {
			kinds[kind]++
			fs = append(fs, f)
		}
	}
	for _, severity := range []detect.Severity{detect.Info, detect.Low, detect.Medium, detect.High, detect.Critical} {
		fs = append(fs, detect.Finding{Rule: "own", Entity: netip.MustParseAddr("2001:db8::1"), Severity: severity, Summary: "<odd> & “quoted”", Evidence: []int{1}})
	}
	alerts, err := Alerts(fs, s, christmas)
	if err != nil {
		t.Fatal(err)
	}
	return alerts
}

func lines(t *testing.T, alerts []Alert, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, alerts, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// python runs a script with the virtual environment that `make test` makes and
// returns what it prints.
func python(t *testing.T, stdin []byte, needs, script string, args ...string) string {
	t.Helper()
	return testenv.RunPython(t, []string{needs}, string(stdin), append([]string{filepath.Join("testdata", script)}, args...)...)
}

// Alerts are Detection Findings by OCSF's own schema, of the version that they
// name and of later ones; a damaged one is not.
func TestOCSFSchema(t *testing.T) {
	alerts := sampleAlerts(t)
	text := lines(t, alerts, FormatOCSF)
	want := fmt.Sprintf("%d events\n", len(alerts))
	if out := python(t, text, "ocsf_json_schema", "check_ocsf.py", OCSFVersion, "1.8.0"); out != want {
		t.Errorf("the schema refuses:\n%.3000s", out)
	}
	first, _, _ := bytes.Cut(text, []byte("\n"))
	for _, change := range [][2]string{{`"severity_id":`, `"severity_id":7`}, {`"finding_info":`, `"info":`}, {`"technique":{"uid":"T`, `"technique":{"ID":"T`}} {
		bad := bytes.Replace(first, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(bad, first) {
			t.Fatalf("%s does not stand in %s", change[0], first)
		}
		cmd := exec.CommandContext(t.Context(), testenv.Python(t, "ocsf_json_schema"), filepath.Join("testdata", "check_ocsf.py"), OCSFVersion)
		cmd.Stdin = bytes.NewReader(bad)
		if out, err := cmd.Output(); err == nil && string(out) == "1 events\n" {
			t.Errorf("the schema takes an event with %s for %s", change[1], change[0])
		}
	}
}

// The built-in rules parse with pySigma, and its validators find nothing.
func TestSigmaLibrary(t *testing.T) {
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for name, write := range map[string]func(*Set, *bytes.Buffer) error{
		"sigma": func(s *Set, b *bytes.Buffer) error { return s.WriteSigma(b) },
		"yaml":  func(s *Set, b *bytes.Buffer) error { return s.WriteYAML(b) },
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
	if err := s.WriteSigma(&b); err != nil {
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
