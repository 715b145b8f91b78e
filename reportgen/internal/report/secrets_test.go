package report

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/flowbook/flowbook/reportgen/execute"
)

// No hash of what may be secret is published: of an environment variable, of a file
// outside of the project or hidden in it, or of one that only its owner may read.
func TestPublished(t *testing.T) {
	top := t.TempDir()
	project := filepath.Join(top, "project")
	for name, mode := range map[string]os.FileMode{
		"project/go.mod": 0o644, "project/data/day.csv": 0o644, "project/.env": 0o644, "project/.ssh/config": 0o644, "project/key.pem": 0o600,
		"home/pin.txt": 0o644, "home/day.csv": 0o600, "home/secrets/a": 0o644,
	} {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("4711"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(top, name) }
	const sum = "f5"
	r := &Run{parameters: []execute.Parameter{{Name: "test", Value: in("home/day.csv")}}}
	for _, tt := range []struct {
		kind, name string
		published  bool
	}{
		{execute.KindEnvironment, "PIN", false},
		{execute.KindFile, in("home/pin.txt"), false},
		{execute.KindFolder, in("home/secrets"), false},
		{execute.KindFiles, in("home/secrets/*"), false},
		{execute.KindFile, in("project/.env"), false},
		{execute.KindFile, in("project/.ssh/config"), false},
		{execute.KindFile, in("project/key.pem"), false},
		{execute.KindFile, in("home/day.csv"), true}, // a parameter names it
		{execute.KindFile, in("project/data/day.csv"), true},
		{execute.KindFolder, in("project/data"), true},
		{execute.KindFiles, in("project/data/*.csv"), true},
		{execute.KindPackage, "example.org/x", true},
		{execute.KindModules, "example.org", true},
	} {
		all := r.published([]execute.Source{{Kind: tt.kind, Name: tt.name, SHA256: sum}}, filepath.Join(project, "notebooks"))
		if want := map[bool]string{true: sum}[tt.published]; !slices.Equal(all, []execute.Source{{Kind: tt.kind, Name: tt.name, SHA256: want}}) {
			t.Errorf("%s %s: %+v, want the hash %q", tt.kind, tt.name, all, want)
		}
	}
	absent := []execute.Source{{Kind: execute.KindEnvironment, Name: "PIN", SHA256: "absent"}}
	if all := r.published(absent, project); !slices.Equal(all, absent) {
		t.Errorf("an absent variable: %+v", all)
	}
}
