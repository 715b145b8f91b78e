package days_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/days"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// day writes the profile of a day with flows of one host, and returns its path.
func day(t *testing.T, path, source string, up int64) string {
	t.Helper()
	b := profile.NewBuilder()
	b.AddSource(profile.Source{Name: source, Rows: 1})
	b.Add(flow.Record{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("192.0.2.1"), Proto: flow.TCP, Port: 443, Up: up})
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := flowfile.WriteProfile(path, b.Profile()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSelection(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	day(t, in("days/date=2024-04-17/a.profile"), "a.parquet", 1)
	day(t, in("days/date=2024-04-17/b.profile"), "b.parquet", 2)
	day(t, in("days/2024-04-18.profile"), "c.parquet", 3)
	day(t, in("days/2024-04-19.profile"), "d.parquet", 4)
	day(t, in("days/2024-03-01.profile"), "e.parquet", 5)
	day(t, in("days/undated.profile"), "f.parquet", 6)
	for _, tt := range []struct {
		name    string
		s       days.Selection
		date    string
		history int
		err     string
	}{
		{"latest", days.Selection{Folder: in("days"), Test: "latest"}, "2024-04-19", 2, ""},
		{"a date", days.Selection{Folder: in("days"), Test: "2024-04-18"}, "2024-04-18", 1, ""},
		{"a file alone", days.Selection{Test: in("days/2024-04-19.profile")}, "2024-04-19", 0, ""},
		{"a pattern", days.Selection{Baselines: []string{in("days/2024-0*.profile")}, Test: in("days/undated.profile")}, "0001-01-01", 3, ""},
		{"no such date", days.Selection{Folder: in("days"), Test: "2024-04-20"}, "", 0, "has no such day; it has 4 days from 2024-03-01 to 2024-04-19"},
		{"not a date", days.Selection{Folder: in("days"), Test: "friday"}, "", 0, "write it as 2024-04-19, or latest"},
		{"no match", days.Selection{Baselines: []string{in("none*")}, Test: in("days/undated.profile")}, "", 0, "no file matches"},
		{"no such file", days.Selection{Test: in("none.parquet")}, "", 0, "--test: "},
	} {
		var found detect.Input
		err := tt.s.Open(t.Context(), &found, nil)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
			continue
		}
		if err == nil && (found.TestDate.Format(time.DateOnly) != tt.date || len(found.History) != tt.history) {
			t.Errorf("%s: %s after %d days, want %s after %d", tt.name, found.TestDate.Format(time.DateOnly), len(found.History), tt.date, tt.history)
		}
	}
}

// A folder of earlier days may also hold the day under test and the clients of
// servers, which are not earlier days; both are said.
func TestSelectionOfAFolder(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	day(t, in("data.profile"), "a.parquet", 1)
	day(t, in("test.profile"), "b.parquet", 2)
	day(t, in("clients.profile"), "c.parquet", 3)
	day(t, in("servers.parquet"), "d.parquet", 4)
	var found detect.Input
	var out bytes.Buffer
	s := days.Selection{Baselines: []string{dir}, Test: in("test.profile"), Servers: in("clients.profile")}
	if err := s.Open(t.Context(), &found, console.New(&out, console.Text)); err != nil {
		t.Fatal(err)
	}
	if len(found.History) != 1 || found.History[0].Profile.Sources[0].Name != "a.parquet" || !strings.Contains(out.String(), "left out 3 of 4 files") {
		t.Errorf("%d days: %s", len(found.History), out.String())
	}
	s.Baselines = []string{in("test.*")}
	if err := s.Open(t.Context(), &found, nil); err == nil || !strings.Contains(err.Error(), "has no earlier day") {
		t.Errorf("only the day under test: %v", err)
	}
	s.Baselines = []string{in("test.profile")} // named, and warned of
	if err := s.Open(t.Context(), &found, nil); err != nil || len(found.History) != 1 {
		t.Errorf("%d days, %v", len(found.History), err)
	}
}

// A damaged profile and a file that is neither a profile nor Parquet are errors
// that name it; rows left out are warned of.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	good := day(t, filepath.Join(dir, "day.profile"), "day.parquet", 1)
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"cut.profile": text[:len(text)-3], "notes.txt": []byte("not a day")} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := days.Open(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b := profile.NewBuilder()
	b.AddSource(profile.Source{Name: "odd\x1b.parquet", Rows: 2})
	b.Reject("timestamp outside the day", profile.Place{File: "odd\x1b.parquet", Row: 1, Column: flow.ColTime, Value: "8640005"})
	b.Add(flow.Record{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("192.0.2.1"), Proto: flow.TCP, Port: 443})
	odd := filepath.Join(dir, "odd.profile")
	if err := flowfile.WriteProfile(odd, b.Profile()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := days.Open(t.Context(), odd, console.New(&out, console.Text)); err != nil {
		t.Fatal(err)
	}
	if want := `warning: 1 of 2 rows left out: timestamp outside the day, first in odd\x1b.parquet, row group 0, row 1, column timestamp: "8640005"` + "\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestCached: a folder with the files of one day is that day; a folder of days is not.
func TestCached(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	fortnight := testenv.Path(t, "testdata", "fortnight")
	whole, err := days.Cached(t.Context(), filepath.Join(fortnight, "date=2024-03-21"))
	if err != nil {
		t.Fatal(err)
	}
	two := t.TempDir()
	for _, day := range []string{"20", "21"} {
		files, err := filepath.Glob(filepath.Join(fortnight, "date=2024-03-"+day, "*.parquet"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		b, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		testenv.WriteFiles(t, two, map[string]string{"date=2024-03-21/part-" + day + ".parquet": string(b)})
	}
	both, err := days.Cached(t.Context(), filepath.Join(two, "date=2024-03-21"))
	if err != nil || len(both.Sources) != 2 || both.Total().Flows <= whole.Total().Flows {
		t.Errorf("a day in two files: %d sources, %d flows, %v", len(both.Sources), both.Total().Flows, err)
	}
	for path, want := range map[string]string{fortnight: "has several days; name the folder or file of one of them", filepath.Join(two, "gone"): "gone: no such file", t.TempDir(): "the folder has no .parquet"} {
		if _, err := days.Cached(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "gone") > 1 {
			t.Errorf("%s: %v; want %s", path, err, want)
		}
	}
}

// TestFlowFiles: files and folders are listed with their dates; without one, several
// files have their names.
func TestFlowFiles(t *testing.T) {
	dir := t.TempDir()
	testenv.WriteFiles(t, dir, map[string]string{"monday.parquet": "", "2024-03-20.parquet": "", "date=2024-03-21/a.parquet": "", "date=2024-03-21/b.profile": "", "only/x.profile": ""})
	files, err := days.FlowFiles([]string{filepath.Join(dir, "monday.parquet"), filepath.Join(dir, "2024*.parquet"), filepath.Join(dir, "date=2024-03-21")})
	var got []string
	for _, f := range files {
		got = append(got, f.Date)
	}
	if err != nil || strings.Join(got, " ") != "monday 2024-03-20 2024-03-21" {
		t.Errorf("%v, %v", got, err)
	}
	if files, err := days.FlowFiles([]string{filepath.Join(dir, "monday.parquet")}); err != nil || len(files) != 1 || files[0].Date != "" {
		t.Errorf("one file: %v, %v", files, err)
	}
	for want, names := range map[string][]string{
		"is given twice": {filepath.Join(dir, "monday.parquet"), filepath.Join(dir, "monday.parquet")}, "gone.parquet: no such file": {filepath.Join(dir, "gone.parquet")},
		"has no flow file, only profiles": {filepath.Join(dir, "only")}, "no file matches": {filepath.Join(dir, "*.log")},
	} {
		if _, err := days.FlowFiles(names); err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "gone.parquet") > 1 {
			t.Errorf("%v: %v", names, err)
		}
	}
}

// A damaged day of a folder is left out of the history as a whole, said and counted. One
// that the user named, the day under test and a history of damaged days are errors.
func TestDamagedDays(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	damage := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data[:len(data)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	day(t, in("days/date=2024-04-16/a.profile"), "a.parquet", 1)
	day(t, in("days/date=2024-04-17/a.profile"), "b.parquet", 2)
	damage(day(t, in("days/date=2024-04-17/b.profile"), "c.parquet", 3))
	day(t, in("days/2024-04-18.profile"), "d.parquet", 4)
	bad := damage(day(t, in("bad/2024-04-17.profile"), "e.parquet", 5))
	day(t, in("bad/2024-04-18.profile"), "f.parquet", 6)
	good := day(t, in("good.profile"), "g.parquet", 7)
	for _, tt := range []struct {
		name    string
		s       days.Selection
		history int
		said    []string
		err     string
	}{
		{"a folder", days.Selection{Folder: in("days"), Test: "latest"}, 1, []string{"b.profile", "the history has 1 of 2 days: 1 cannot be read"}, ""},
		{"a pattern", days.Selection{Baselines: []string{in("days/*/*.profile")}, Test: good}, 1, []string{"1 of 2 days"}, ""},
		{"a named file", days.Selection{Baselines: []string{bad}, Test: good}, 0, nil, "--baseline: "},
		{"all days", days.Selection{Folder: in("bad"), Test: "2024-04-18"}, 0, nil, "no day of the history can be read"},
		{"the day under test", days.Selection{Folder: in("bad"), Test: "2024-04-17"}, 0, nil, "--test: "},
	} {
		var found detect.Input
		var stderr bytes.Buffer
		err := tt.s.Open(t.Context(), &found, console.New(&stderr, console.Text))
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
		if len(found.History) != tt.history {
			t.Errorf("%s: %d days", tt.name, len(found.History))
		}
		for _, said := range tt.said {
			if !strings.Contains(stderr.String(), said) {
				t.Errorf("%s: %q does not say %q", tt.name, stderr.String(), said)
			}
		}
	}
}
