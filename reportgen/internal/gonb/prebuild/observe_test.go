package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A program is observed whatever the build measures, and a build without the
// observer finds nothing of it. A user's own overlay is left alone.
func TestObserve(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	goroot, err := exec.CommandContext(t.Context(), goCommand, "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOFLAGS", "")
	for name, tt := range map[string]struct {
		flags    []string
		goflags  string
		observed bool
	}{
		"plain":                {nil, "", true},
		"coverage":             {[]string{"-cover"}, "", true},
		"coverage, two dashes": {[]string{"--covermode=atomic", "-cover"}, "", true},
		"coverage in GOFLAGS":  {nil, "-mod=mod -cover", true},
		"overlay":              {[]string{"-overlay=overlay.json"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			t.Setenv("GOFLAGS", tt.goflags)
			t.Setenv("GOCOVERDIR", dir)
			for file, text := range map[string]string{
				"go.mod":       "module cell\n\ngo 1.26\n",
				"main.go":      "package main\n\nimport \"os\"\n\nfunc main() {\n\tos.ReadFile(\"day.csv\")\n\tos.Getenv(\"REGION\")\n}\n",
				"overlay.json": `{"Replace":{}}`,
			} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			seen := filepath.Join(t.TempDir(), "seen")
			t.Setenv(observedVariable, seen)
			b := &builder{realGo: filepath.Join(strings.TrimSpace(string(goroot)), "bin", "go"), out: filepath.Join(dir, "cell"), flags: tt.flags}
			args := slices.Concat([]string{"build", "-o", b.out}, b.observeFlags(), b.flags)
			if out, err := exec.CommandContext(t.Context(), b.realGo, args...).CombinedOutput(); err != nil {
				t.Fatalf("go %v: %v\n%s", args, err, out)
			}
			if err := exec.CommandContext(t.Context(), b.out).Run(); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(seen)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			for _, want := range []string{"start\n", `open "` + filepath.Join(dir, "day.csv") + `"`, `env "REGION"`} {
				if strings.Contains(string(text), want) != tt.observed {
					t.Errorf("%s: observed %v, want %v\n%s", want, !tt.observed, tt.observed, text)
				}
			}
			removeImporter(dir)
			if out, err := exec.CommandContext(t.Context(), b.realGo, "vet", ".").CombinedOutput(); err != nil {
				t.Errorf("go vet: %v\n%s", err, out)
			}
		})
	}
}

func TestHasFlag(t *testing.T) {
	for setting, want := range map[string]bool{"-cover": true, "--cover": true, "-coverpkg=all": true, "GOFLAGS=-mod=mod --cover": true, "-tags=cover": false, "GOCOVERDIR=/tmp": false, "GOFLAGS=": false} {
		if got := hasFlag([]string{"-v", setting}, "-cover"); got != want {
			t.Errorf("%s: %v, want %v", setting, got, want)
		}
	}
}

// A build that outlives its run does not make the folder of its kernel again.
func TestObserveWithoutFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "kernel")
	t.Setenv(observedVariable, filepath.Join(folder, "seen"))
	t.Setenv("GOFLAGS", "")
	b := &builder{realGo: "/go/bin/go"}
	if replace := b.observe(t.TempDir()); replace != nil {
		t.Errorf("overlay %v", replace)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second cell finds the files
		if replace := b.observe(t.TempDir()); len(replace) != 2 {
			t.Errorf("overlay %v", replace)
		}
	}
}
