package ingest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestCopies(t *testing.T) {
	dir := t.TempDir()
	log := short + strings.Repeat(row("1", "10.0.0.1"), 5000) // longer than the part that is compared first
	packed := zipped(t, log)
	var paths []string
	for name, content := range map[string][]byte{
		"1.log": []byte(log), "2.log.gz": packed, "3.log": []byte(log + row("2", "10.0.0.1")), "4.log": []byte(log), "5.log": nil, "6.log": nil, "7.log.gz": packed[:len(packed)/2],
	} {
		paths = append(paths, write(t, dir, name, content))
	}
	slices.Sort(paths)
	copies, err := Copies(append(paths, stdin))
	if err != nil || len(copies) != 2 || copies[0] != paths[1] || copies[1] != paths[3] {
		t.Errorf("%v, %v", copies, err)
	}
	one, stored, err := Content(paths[0])
	if two, other, err2 := Content(paths[1]); err != nil || err2 != nil || one != two || one != stored || other == stored {
		t.Errorf("%s %s, %s %s", one, stored, two, other)
	}
	if _, _, err := Content(dir + "/none"); !os.IsNotExist(err) {
		t.Error(err)
	}
	flows, _, err := readAll(t, paths[:4], Options{Without: copies})
	if err != nil || len(flows) != 10_001 {
		t.Errorf("%d flows, %v", len(flows), err)
	}
}
