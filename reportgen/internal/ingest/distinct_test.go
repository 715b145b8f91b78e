package ingest

import (
	"fmt"
	"strings"
	"testing"
)

// TestOverlappingLogs reads rotated logs that overlap: rows that several files have are
// counted once, but those that one file has twice are two.
func TestOverlappingLogs(t *testing.T) {
	head := "#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\torig_bytes\tresp_bytes\n"
	row := func(n string) string {
		return "17135300" + n + ".5\tC" + n + "\t10.0.0.5\t500" + n + "\t198.51.100.7\t443\ttcp\t1" + n + "\t2\n"
	}
	vpc := func(at string) string {
		return strings.NewReplacer("1713530096 1713530156", at+" "+at).Replace(vpcThere) + "\n"
	}
	for _, c := range []struct {
		format       string
		files        []string
		rows, copies int64
		want         string
	}{
		{"zeek", []string{head + row("10") + row("20") + row("30"), head + row("20") + row("30") + row("40"), head + row("40"), head + row("50") + row("50")}, 9, 3,
			"110/2 120/2 130/2 140/2 150/2 150/2 "},
		{"vpc", []string{vpc("1713530010") + vpc("1713530020"), vpc("1713530020") + vpc("1713530030")}, 4, 1, "300/0 "},
	} {
		dir := t.TempDir()
		var paths []string
		for i, file := range c.files {
			paths = append(paths, write(t, dir, string(rune('a'+i))+".log", []byte(file)))
		}
		rows, summary, err := readAs(t, c.format, paths, Options{})
		if err != nil || summary.Rows != c.rows {
			t.Fatalf("%d rows, %v", summary.Rows, err)
		}
		for _, limit := range []int{0, 2} { // in memory, and on disk
			s := &Sorter{Limit: limit, Dir: t.TempDir()}
			for _, f := range rows {
				if err := s.Add(f); err != nil {
					t.Fatal(err)
				}
			}
			pairing, err := s.Pair(t.Context())
			if err != nil || pairing.Copies != c.copies {
				t.Errorf("%s: %d copies, %v", c.format, pairing.Copies, err)
			}
			var got strings.Builder
			n := int64(0)
			for f, err := range s.Sorted() {
				if err != nil {
					t.Fatal(err)
				}
				n++
				fmt.Fprintf(&got, "%d/%d ", f.Up, f.Down)
			}
			if got.String() != c.want || n != s.Days()[0].Flows {
				t.Errorf("%s: %d of %d flows: %s", c.format, n, s.Days()[0].Flows, got.String())
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
