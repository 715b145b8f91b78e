package flowfile_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// anyRows is a worker that wants all rows and calls a function when it gets some.
type anyRows func()

func (anyRows) May(*flowfile.Bounds) bool { return true }

func (f anyRows) Take(*flowfile.Block) error { f(); return nil }

// A file that is written while it is read gives neither a profile nor an answer, and nothing is cached. One that another
// file replaces is read to its end.
func TestChangedWhileRead(t *testing.T) {
	flows := someFlows(40*16<<10, 21)
	want := built(flows)
	reads := map[string]func(path string, change func()) error{
		"profile": func(path string, change func()) error {
			p, _, err := flowfile.CachedProfile(t.Context(), path, flowfile.Options{Workers: 1, Progress: func(int64, int64) { change() }})
			if err == nil && !bytes.Equal(encoded(t, p), encoded(t, want)) {
				t.Error("another profile")
			}
			return err
		},
		"scan": func(path string, change func()) error {
			s, err := flowfile.NewScanner([]string{path})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = s.Scan(t.Context(), flowfile.ScanOptions{Workers: 1, Columns: []int{flowfile.PlaceTime}}, func() flowfile.ScanWorker { return anyRows(change) })
			return err
		},
		"rows": func(path string, change func()) error {
			rows := 0
			for _, err := range flowfile.Rows(t.Context(), path, flowfile.Filter{}) {
				if err != nil {
					return err
				}
				rows++
				change()
			}
			if rows != len(flows) {
				t.Errorf("%d rows", rows)
			}
			return nil
		},
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			for _, tt := range []struct {
				name, want string
				change     func(t *testing.T, path string)
			}{
				{"written", "day.parquet: the file changed while it was read", appendByte},
				{"replaced", "", replace},
			} {
				t.Setenv("FLOWBOOK_CACHE", t.TempDir())
				path, done := writeFlows(t, flows), false
				err := read(path, func() {
					if !done {
						done = true
						tt.change(t, path)
					}
				})
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasSuffix(strings.Split(err.Error(), ";")[0], tt.want)) {
					t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
				}
				cached, err := os.ReadDir(os.Getenv("FLOWBOOK_CACHE"))
				if err != nil || tt.want != "" && len(cached) > 0 {
					t.Errorf("%s: the cache has %v, %v", tt.name, cached, err)
				}
			}
		})
	}
}

func appendByte(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("x"); err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, path string) {
	t.Helper()
	if err := os.Rename(writeFlows(t, []flow.Record{someFlows(1, 22)[0]}), path); err != nil {
		t.Fatal(err)
	}
}
