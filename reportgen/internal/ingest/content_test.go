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
	one, err := ContentOf(paths[0], nil)
	if two, err2 := ContentOf(paths[1], nil); err != nil || err2 != nil || one.Hash != two.Hash || one.Hash != one.Stored || two.Stored == one.Stored || one.Start != two.Start {
		t.Errorf("%+v, %+v", one, two)
	}
	if _, err := ContentOf(dir+"/none", nil); !os.IsNotExist(err) {
		t.Error(err)
	}
	flows, _, err := readAll(t, paths[:4], Options{Without: copies})
	if err != nil || len(flows) != 10_001 {
		t.Errorf("%d flows, %v", len(flows), err)
	}
}

// A log is recognised by its start when it has grown, whatever follows its last row.
func TestKnownStart(t *testing.T) {
	dir := t.TempDir()
	content := func(name, text string, known ...Start) Content {
		t.Helper()
		c, err := ContentOf(write(t, dir, name, []byte(text)), known)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	long := strings.Repeat("10.0.0.1,12\n", 40_000) // longer than a buffer
	for _, tt := range []struct {
		before, after string
		known, cut    bool
	}{
		{"a,1\n", "a,1\nb,2\n", true, false},
		{"a,1", "a,1\r\nb,2\n", true, false},
		{"a,1", "a,12\nb,2\n", true, true},
		{`{"records":[{"a":1}]}`, `{"records":[{"a":1},{"a":2}]}`, true, false},
		{"[\n{\"a\":1}\n]\n", "[\n{\"a\":1},\n{\"a\":2}\n]\n", true, false},
		{long, long + "10.0.0.2,3\n", true, false},
		{long + "10.0.", long + "10.0.0.2,3\n", true, true},
		{"a,1\n", "a,2\nb,2\n", false, false},
		{"a,1\nb,2\n", "a,1\n", false, false},
	} {
		before := content("before", tt.before)
		noise := Start{2, before.Start.Hash}
		after := content("after", tt.after, noise, before.Start)
		if (after.Known == before.Start) != tt.known || after.Cut != tt.cut {
			t.Errorf("%.20q, %.20q: %+v, %+v", tt.before, tt.after, before, after)
		}
		lines := content("after", tt.after, before.Lines)
		if tt.cut && strings.Contains(tt.before, "\n") && (lines.Known != before.Lines || lines.Cut) {
			t.Errorf("%.20q, %.20q: %+v, %+v", tt.before, tt.after, before, lines)
		}
	}
}
