package nb

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
)

// flowRow is a row of a flow file.
type flowRow struct {
	Time  int32  `parquet:"timestamp"`
	Src   string `parquet:"src_ip"`
	Dst   string `parquet:"dst_ip"`
	Proto string `parquet:"proto"`
	Port  int32  `parquet:"port"`
	Up    int64  `parquet:"up_bytes"`
	Down  int64  `parquet:"down_bytes"`
}

// writeDay writes a flow file.
func writeDay(t *testing.T, name string, rs ...flow.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	rows := make([]flowRow, len(rs))
	for i, r := range rs {
		rows[i] = flowRow{int32(r.Time), r.Src.String(), r.Dst.String(), r.Proto.String(), int32(r.Port), r.Up, r.Down}
	}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestDayFolder: a folder with the files of one day is that day, for profiles and queries.
func TestDayFolder(t *testing.T) {
	useReportgen(t)
	dir := filepath.Join(t.TempDir(), "days")
	second := aFlow(t)
	second.Time++
	for part, record := range map[string]flow.Record{"date=2024-03-20/a.parquet": aFlow(t), "date=2024-03-20/b.parquet": second, "date=2024-03-21/a.parquet": second} {
		b, err := os.ReadFile(writeDay(t, "part.parquet", record))
		if err != nil {
			t.Fatal(err)
		}
		testenv.WriteFiles(t, dir, map[string]string{part: string(b)})
	}
	run := Open(Inputs{Test: filepath.Join(dir, "date=2024-03-20")})
	if flows := run.Test().Total().Flows; flows != 2 {
		t.Errorf("a day in two files has %d flows", flows)
	}
	if counted, err := Flows(run.Test()).Count().Elem(0, 0).Int(); counted != 2 || err != nil {
		t.Errorf("a query of a day in two files counts %d flows: %v", counted, err)
	}
	if _, err := readDay(dir + "/date=2024-03-22"); err == nil || !strings.HasSuffix(err.Error(), ": no such file; did you mean date=2024-03-20 or date=2024-03-21?") {
		t.Errorf("a day that does not exist: %v", err)
	}
	if _, err := readDay(dir); err == nil || !strings.Contains(err.Error(), "has 2 days; name the folder or file of one of them") {
		t.Errorf("a folder of days: %v", err)
	}
}

func aFlow(t *testing.T) flow.Record {
	t.Helper()
	a, err := flow.ParseAddr("10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return flow.Record{Time: 5, Src: a, Dst: a.Next(), Proto: flow.TCP, Port: 443, Up: 7, Down: 8}
}

// useReportgen builds reportgen for the cells of a test, and gives them an empty cache. It returns
// the path of the program.
func useReportgen(t *testing.T) (program string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds reportgen: skipped with -short")
	}
	program = filepath.Join(t.TempDir(), "reportgen")
	if b, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../reportgen").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	t.Setenv("FLOWBOOK_REPORTGEN", program)
	return program
}

// TestDay: the real reportgen reads a day that is not in the cache; after that the
// day is read without it.
func TestDay(t *testing.T) {
	program := useReportgen(t)
	path := writeDay(t, "day.parquet", aFlow(t))
	b := profile.NewBuilder()
	b.Add(aFlow(t))
	want := b.Profile()
	for _, step := range []string{"not cached", "cached"} {
		got := Open(Inputs{Baseline: path}).Baseline()
		if diff := cmp.Diff(frame.Hosts(want).Records(), frame.Hosts(got).Records()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
		if len(got.Sources) != 1 || got.Sources[0].Name != "day.parquet" || got.Sources[0].Rows != 1 {
			t.Errorf("%s: sources %+v", step, got.Sources)
		}
		t.Setenv("FLOWBOOK_REPORTGEN", filepath.Join(t.TempDir(), "none")) // the second time it is not needed
	}
	t.Setenv("FLOWBOOK_REPORTGEN", program)
	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("no flows here"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := openDay("test", text)
	if err == nil || !strings.Contains(err.Error(), "parameter test: reading notes.txt") || !strings.Contains(err.Error(), "Parquet") {
		t.Errorf("a file that is not a flow file: %v", err)
	}
}

// TestMissing: a missing or invalid input is an error that names it.
func TestMissing(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	path := writeDay(t, "day.parquet", aFlow(t))
	for _, c := range []struct {
		name, reportgen string
		open            func() error
		says            []string
	}{
		{"no file", "", day("baseline", ""), []string{"input baseline: no file", "sample:data.parquet"}},
		{"not there", "", day("test", "gone.parquet"), []string{"parameter test", "gone.parquet: no such file"}},
		{"no such sample", "", day("test", "sample:gone.parquet"), []string{"sample:gone.parquet: no such file"}},
		{"a folder", "", day("test", t.TempDir()), []string{"the folder has no .parquet file"}},
		{"no program", "/nowhere/reportgen", day("test", path), []string{"reading day.parquet", "no such file"}},
		{"a program that does nothing", "true", day("test", path), []string{"no profile in the cache", "FLOWBOOK_CACHE"}},
		{"networks", "", func() error { _, err := parseInternal("10.0.0.0/8, x"); return err }, []string{"parameter internal", "CIDR"}},
		{"no database", "", func() error { _, err := openGeo("", "gone.mmdb"); return err }, []string{"parameter asn", "gone.mmdb"}},
		{"a database of another kind", "", func() error { _, err := openGeo(path, ""); return err }, []string{"country", "day.parquet"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.reportgen != "" {
				t.Setenv("FLOWBOOK_REPORTGEN", c.reportgen)
			}
			err := c.open()
			if err == nil {
				t.Fatal("no error")
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
		})
	}
}

func day(parameter, file string) func() error {
	return func() error { _, err := openDay(parameter, file); return err }
}

// TestCheck: a missing input ends a cell with status 1 and a message. The test runs
// itself as a separate program, like a cell.
func TestCheck(t *testing.T) {
	if os.Getenv("NB_TEST_CELL") != "" {
		Open(Inputs{Test: "gone.parquet"}).Test()
		os.Exit(0)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestCheck$")
	cmd.Env = append(os.Environ(), "NB_TEST_CELL=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the cell ended with %v, want status 1", err)
	}
	if want := "error: parameter test: gone.parquet: no such file"; !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("the cell printed %q, want %q", stderr.String(), want)
	}
}

// TestNothing: a run without inputs can be opened; only reading a day fails.
func TestNothing(t *testing.T) {
	r := Open(Inputs{})
	if n := len(r.Servers().Hosts); n != 0 {
		t.Errorf("a run without servers has %d external clients", n)
	}
	if r.Geo().Country(aFlow(t).Dst).Code != "" {
		t.Error("a run without databases knows a country")
	}
	if diff := cmp.Diff(flow.Private, r.Internal(), cmp.Comparer(func(a, b flow.Networks) bool { return len(a) == len(b) })); diff != "" {
		t.Error(diff)
	}
	if f := r.Parameters(); f.Err != nil || f.Nrow() != 8 || First(f, "value") != "none" {
		t.Errorf("parameters: %v", f)
	}
	r = Open(Inputs{Baseline: "/days/monday/day.parquet", Test: "/days/tuesday/day.parquet", Servers: "/days/servers.parquet"})
	if f := r.Parameters(); f.Elem(0, 1).String() != "monday/day.parquet" || f.Elem(1, 1).String() != "tuesday/day.parquet" || f.Elem(2, 1).String() != "servers.parquet" {
		t.Errorf("files with the same name are not distinguished:\n%v", f)
	}
}

// TestDeclare: the files that a cell reads are recorded, one path per line.
func TestDeclare(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("day.parquet", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(dir, "inputs")
	t.Setenv(inputsVariable, record)
	for range 2 {
		if _, err := resolve("day.parquet"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := resolve("no.parquet"); err == nil {
		t.Error("no error for a missing file")
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	line := filepath.Join(wd, "day.parquet") + "\n"
	if got, err := os.ReadFile(record); err != nil || string(got) != line+line {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv(inputsVariable, filepath.Join(dir, "no", "folder"))
	if _, err := resolve("day.parquet"); err == nil {
		t.Error("no error for a file that cannot be recorded")
	}
}

// A project of reportgen init has a copy of the packages, but not the program: without one, the error says what to do.
func TestReportgenMissing(t *testing.T) {
	dir := t.TempDir()
	testenv.WriteFiles(t, dir, map[string]string{"go.mod": modulePath + "\n", "pkg/nb/nb.go": "package nb\n"})
	t.Chdir(dir)
	t.Setenv("FLOWBOOK_REPORTGEN", "")
	t.Setenv("PATH", dir)
	if _, err := reportgen("query"); err == nil || !strings.Contains(err.Error(), "put it on PATH") {
		t.Errorf("error %v", err)
	}
}
