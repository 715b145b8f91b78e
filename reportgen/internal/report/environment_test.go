package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What cannot be used is replaced with a warning, and is as it was afterwards.
func TestEnvironment(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	type variables map[string]string
	for _, tt := range []struct {
		name     string
		env      variables
		kept     bool
		warnings []string
	}{
		{"all there", variables{"HOME": home}, true, nil},
		{"no home", variables{"HOME": ""}, false, []string{"HOME is not set; using a temporary folder", "cache: in a temporary folder; no outputs and profiles are kept"}},
		{"no home but a cache", variables{"HOME": "", "FLOWBOOK_CACHE": filepath.Join(home, "cache")}, true, []string{"HOME is not set"}},
		{"home is a file", variables{"HOME": file}, false, []string{"HOME=" + file + " is not a folder", "cache: "}},
		{"cache below a file", variables{"HOME": home, "FLOWBOOK_CACHE": filepath.Join(file, "cache")}, false, []string{"cache: mkdir " + file}},
		{"user's cache is a file", variables{"HOME": home, "XDG_CACHE_HOME": file}, false, []string{"cache: mkdir " + file}},
		{"no TMPDIR", variables{"HOME": home, "TMPDIR": "/nowhere"}, true, []string{"TMPDIR cannot be written: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			names := []string{"HOME", "XDG_CACHE_HOME", "FLOWBOOK_CACHE", "TMPDIR"}
			for _, name := range names {
				t.Setenv(name, "") // restored by the test
				if value, set := tt.env[name]; set && value != "" {
					t.Setenv(name, value)
				} else if err := os.Unsetenv(name); err != nil {
					t.Fatal(err)
				}
			}
			before := variables{}
			for _, name := range names {
				before[name] = os.Getenv(name)
			}
			var warnings []string
			e, err := NewEnvironment(func(w string) { warnings = append(warnings, w) })
			if err != nil {
				t.Fatal(err)
			}
			if len(warnings) != len(tt.warnings) || e.Kept != tt.kept {
				t.Errorf("warnings %q, kept %v", warnings, e.Kept)
			}
			for i, want := range tt.warnings {
				if i < len(warnings) && !strings.Contains(warnings[i], want) {
					t.Errorf("warning %q, want %q", warnings[i], want)
				}
			}
			for _, dir := range []string{os.TempDir(), os.Getenv("HOME")} {
				if err := probe(dir); err != nil {
					t.Error(err)
				}
			}
			temporary := e.work
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			for _, name := range names {
				if os.Getenv(name) != before[name] {
					t.Errorf("%s=%s, was %s", name, os.Getenv(name), before[name])
				}
			}
			if temporary != nil {
				if _, err := os.Stat(temporary.Path); err == nil {
					t.Error("the temporary folder is left")
				}
			}
		})
	}
}
