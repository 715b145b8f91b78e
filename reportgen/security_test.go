package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// SECURITY.md names tests that exist in the packages that it names, for each guarantee.
func TestSecurityTests(t *testing.T) {
	text, err := os.ReadFile("../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	for _, root := range []string{"../pkg", "."} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			folder, absErr := filepath.Abs(filepath.Dir(path))
			for _, m := range declared.FindAllSubmatch(source, -1) {
				tests[string(m[1])+" in "+filepath.Base(folder)] = true
			}
			err = errors.Join(err, absErr)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	guarantees := 0
	list := regexp.MustCompile("((?:`(?:Test|Fuzz)\\w+`,? ?)+)in `(\\w+)`")
	named := regexp.MustCompile(`(?:Test|Fuzz)\w+`)
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what") {
			continue
		}
		guarantees++
		found := 0
		for _, l := range list.FindAllStringSubmatch(line, -1) {
			for _, name := range named.FindAllString(l[1], -1) {
				found++
				if !tests[name+" in "+l[2]] {
					t.Errorf("there is no %s in %s", name, l[2])
				}
			}
		}
		if found == 0 || found != len(named.FindAllString(line, -1)) {
			t.Errorf("a guarantee without a test, or a test without its package: %s", line)
		}
	}
	if guarantees < 10 {
		t.Errorf("%d guarantees were found", guarantees)
	}
}
