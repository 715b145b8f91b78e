package allowlist

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/detect"
)

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "allow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// anyRule takes every id for that of a rule.
func anyRule(string) bool { return true }

func TestReadErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"no list", "network: 10.0.0.0/8\n", "line 1"},
		{"no YAML", "- network: [\n", "YAML"},
		{"an unknown field", "- network: 10.0.0.0/8\n\n- addr: 10.0.0.1\n", "line 3"},
		{"no network", "- network: 10.0.0\n", `"10.0.0"`},
		{"no country", "- country: Brazil\n", "two letters"},
		{"no rule", "- rules: [beacons]\n", `"beacons"`},
		{"a rule that is no list", "- rules: beacon\n", "list"},
		{"everything", "- reason: all is well\n", "everything"},
		{"an empty item", "-\n", "line 1"},
	}
	for _, tt := range tests {
		path := write(t, tt.text)
		_, err := Read(path, func(id string) bool { return id == "beacon" })
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q in it", tt.name, err, tt.want)
		}
	}
	if list, err := Read(write(t, "# nobody yet\n"), anyRule); err != nil || len(list) != 0 {
		t.Errorf("an empty list: %v, %v", list, err)
	}
}

func TestDescribe(t *testing.T) {
	list, err := Read(write(t, "- {network: 10.0.0.7, owner: Dropbox, country: BR, rules: [beacon, dns-c2], reason: backup}\n"), anyRule)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if got, want := Describe(list[0]), "network 10.0.0.7/32, owner Dropbox, country BR, rules beacon, dns-c2, backup"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Whatever the file, there is a list or an error, and no item that allows
// everything.
func FuzzAllowList(f *testing.F) {
	f.Add("- network: 10.0.0.0/8\n  owner: Google\n  country: BR\n  rules: [beacon]\n  reason: x\n")
	f.Add("- &a {network: ::1}\n- *a\n")
	f.Add("---\n- owner: 1\n...\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Read(write(t, text), anyRule)
		if err != nil {
			return
		}
		odd := detect.Finding{Rule: "none"}
		if r, _ := list.Apply(detect.Result{Findings: []detect.Finding{odd}}); len(r.Findings) == 0 {
			for _, a := range list {
				if len(a.Rules) == 0 {
					t.Errorf("%+v allows everything", a)
				}
			}
		}
	})
}
