package ingest

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/flowbook/flowbook/pkg/flow"
)

// row is a row of the short header at a time of 1970-01-01, from the given host.
func row(ts, src string) string { return "tcp\t4\t3\t80\t10.0.0.9\t" + src + "\t" + ts + "\t-\n" }

func times(flows []Flow) []flow.Time {
	var ts []flow.Time
	for _, f := range flows {
		ts = append(ts, f.Time)
	}
	return ts
}

func TestReaderFilesAndFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "logs/2/conn.log", []byte(short+row("2", "10.0.0.1")))
	write(t, dir, "logs/1/conn.03:00:00-04:00:00.log.gz", zipped(t, short+row("1", "10.0.0.1")))
	write(t, dir, "logs/1/conn-summary.log", []byte("not for programs\n"))
	write(t, dir, "logs/1/dns.log", []byte("#separator \\x09\n"))
	write(t, dir, "logs/3/conn.log", nil)
	// Members of gzip one after the other, in a file named as plain text.
	many := append(zipped(t, short+row("3", "10.0.0.1")), zipped(t, short+row("4", "10.0.0.1"))...)
	other := write(t, dir, "other.txt", many)

	flows, s, err := readAll(t, []string{other, filepath.Join(dir, "logs"), filepath.Join(dir, "logs/2/conn.log")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]flow.Time{100, 200, 300, 400}, times(flows)); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
	want := Summary{
		Files: 4, Rows: 4, Flows: 4, Days: []DayCount{{0, 4}},
		Empty:  []string{filepath.Join(dir, "logs/3/conn.log")},
		Passed: []string{filepath.Join(dir, "logs/1/conn-summary.log")}, // dns.log is read for names
		Read:   s.Read,
	}
	if len(s.Read) != 4 || s.Read[want.Empty[0]].Rows != 0 || s.Read[filepath.Join(dir, "other.txt")].Rows != 2 {
		t.Errorf("rows of files: %v", s.Read)
	}
	s.Relative, s.LostBytes, s.MostBytes = Count{}, 0, 0 // the times of these logs are small
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
}

// TestReaderNamedBesidesFolder reads a file that its folder passes over.
func TestReaderNamedBesidesFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "conn.log", []byte(short+row("1", "10.0.0.1")))
	open := write(t, dir, "open_conn.log", []byte(short+row("2", "10.0.0.1")))
	flows, s, err := readAll(t, []string{dir, open}, Options{})
	if err != nil || len(flows) != 2 || len(s.Passed) != 0 {
		t.Errorf("%d flows, passed %v, error %v", len(flows), s.Passed, err)
	}
}

// A folder whose files have other names than logs usually have is read by content.
func TestFolderByContent(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "host-a.txt", []byte(sniffedZeek))
	write(t, dir, "notes.md", []byte("# Notes\n\nNo log.\n"))
	if f, err := Detect([]string{dir}, Options{}); err != nil || f.Name != "zeek" {
		t.Fatalf("%q, %v", f.Name, err)
	}
	files, err := Files(zeek(t), []string{dir})
	if err != nil || len(files) != 1 || filepath.Base(files[0]) != "host-a.txt" {
		t.Errorf("%v, %v", files, err)
	}
	// Beside a log with a usual name, it is passed over.
	write(t, dir, "conn.log", []byte(sniffedZeek))
	if files, err = Files(zeek(t), []string{dir}); err != nil || len(files) != 1 || filepath.Base(files[0]) != "conn.log" {
		t.Errorf("%v, %v", files, err)
	}
}

func TestReaderCounts(t *testing.T) {
	path := write(t, t.TempDir(), "conn.log", []byte(short+
		row("1", "10.0.0.1")+
		"arp\t4\t3\t8\t10.0.0.2\t10.0.0.1\t1\t-\n"+
		row("86400", "10.0.0.2")+
		row("x", "10.0.0.3")+
		"tcp\t-\t-\t80\t10.0.0.2\t10.0.0.1\t2\t-\n"+
		row("y", "10.0.0.3")+
		"tcp\t4\t3"))
	flows, s, err := readAll(t, []string{path}, Options{Days: []Date{0}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]flow.Time{100, 200}, times(flows)); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
	want := Summary{
		Files: 1, Rows: 7, Flows: 2,
		LeftOut: []Count{
			{cutOff, 1, path + ":11: 3 of 8 fields, and no line end: the log is truncated, or was being written"},
			{otherProtocol, 1, path + `:6: "arp"`},
			{otherDay, 1, path + ":7: a flow of 1970-01-02"},
			{badTime, 2, path + `:8: ts "x"`},
		},
		BytesUnknown: Count{Rows: 1, First: path + ":9"},
		Days:         []DayCount{{0, 2}, {1, 1}},
		Read:         map[string]FileRows{path: {Rows: 6, CutOff: true}},
	}
	s.Relative, s.LostBytes, s.MostBytes = Count{}, 0, 0 // the times of these logs are small
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error("want(-) got(+):\n", diff)
	}
	sum := s.Flows
	for _, c := range s.LeftOut {
		sum += c.Rows
	}
	if sum != s.Rows {
		t.Errorf("flows and rows left out add up to %d of %d", sum, s.Rows)
	}
}

func TestReaderRefuses(t *testing.T) {
	log := short + strings.Repeat(row("1", "10.0.0.1"), 1000)
	whole := zipped(t, log)
	damaged := append([]byte(nil), whole...)
	damaged[len(damaged)-6] ^= 1 // in the checksum
	dir := t.TempDir()
	for _, test := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"truncated.gz", whole[:len(whole)/2], "the gzip stream is truncated (unexpected EOF); copy the file again"},
		{"header.gz", whole[:2], "line 1: the gzip stream is truncated"},
		{"trailer.gz", whole[:len(whole)-4], "the gzip stream is truncated"},
		{"damaged.gz", damaged, "the gzip stream is damaged"},
		{"garbage.gz", append(append([]byte(nil), whole...), "garbage after the last member"...), "the gzip stream is damaged"},
		{"bad.log", []byte(short + row("x", "10.0.0.1") + row("y", "10.0.0.1")),
			`not a zeek log: no row can be read; first row: line 5: time not readable: ts "x"`},
		{"dns.json", []byte("{\"ts\":1,\"query\":\"a\"}\n"), "not a zeek log: no row is a record of one"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, dir, test.name, test.content)
			// A file after it must not be read: the error is final.
			next := write(t, dir, "z.log", []byte(log))
			r, err := Open(zeek(t), []string{path, next}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = r.Read()
			}
			if !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
			if _, err := r.Read(); err != io.EOF {
				t.Errorf("after the error comes %v", err)
			}
		})
	}
}

// TestReaderNothingButARP reads a log that is sound but holds no flow.
func TestReaderNothingButARP(t *testing.T) {
	path := write(t, t.TempDir(), "conn.log", []byte(short+"arp\t4\t3\t8\t10.0.0.2\t10.0.0.1\t1\t-\n"))
	_, s, err := readAll(t, []string{path}, Options{})
	if err != nil || s.Flows != 0 || s.Rows != 1 {
		t.Errorf("%+v, error %v", s, err)
	}
}

// TestReaderFirstRowBeingWritten reads a log as Zeek may just have begun it.
func TestReaderFirstRowBeingWritten(t *testing.T) {
	path := write(t, t.TempDir(), "conn.log", []byte(short+"tcp\t4"))
	_, s, err := readAll(t, []string{path}, Options{})
	if err != nil || s.Rows != 1 || len(s.LeftOut) != 1 || s.LeftOut[0].Reason != cutOff {
		t.Errorf("%+v, error %v", s, err)
	}
}

func TestReaderProgress(t *testing.T) {
	dir := t.TempDir()
	log := short + strings.Repeat(row("1", "10.0.0.1"), 20000)
	packed := zipped(t, log)
	write(t, dir, "conn.1.log", []byte(log))
	write(t, dir, "conn.2.log.gz", packed)
	var calls, last int64
	_, _, err := readAll(t, []string{dir}, Options{Progress: func(read, total int64) {
		calls++
		if want := int64(len(log) + len(packed)); total != want || read <= last || read > want {
			t.Errorf("%d of %d bytes after %d of %d", read, total, last, want)
		}
		last = read
	}})
	if err != nil || last != int64(len(log)+len(packed)) || calls < 3 {
		t.Errorf("%d calls, the last with %d bytes, error %v", calls, last, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "dns.log", nil)
	for _, test := range []struct {
		paths []string
		want  string
	}{
		{nil, "no file or folder to read is named"},
		{[]string{filepath.Join(dir, "none")}, "no such file"},
		{[]string{dir}, "no file in this folder is named as zeek logs are (conn.log, "},
	} {
		if _, err := Open(zeek(t), test.paths, Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: error %v does not say %q", test.paths, err, test.want)
		}
	}
	if _, err := Lookup("sflow"); err == nil || !strings.Contains(err.Error(), `unknown format "sflow"; want azure, binetflow, `) {
		t.Errorf("error %v does not list the formats", err)
	}
}

func TestReaderLocation(t *testing.T) {
	path := write(t, t.TempDir(), "conn.log", []byte(short+row("80000", "10.0.0.1")))
	flows, _, err := readAll(t, []string{path}, Options{Location: time.FixedZone("", 2*3600)})
	want := []Flow{{Record: record((80000+7200-86400)*flow.Second, "10.0.0.1", "10.0.0.9", flow.TCP, 80, 3, 4), Date: 1, Line: 5}}
	if diff := cmp.Diff(want, flows, cmpopts.EquateComparable(flow.Record{})); diff != "" || err != nil {
		t.Error("want(-) got(+):\n", diff, err)
	}
}

// TestReaderClose closes in the middle of a file.
func TestReaderClose(t *testing.T) {
	path := write(t, t.TempDir(), "conn.log", []byte(short+row("1", "10.0.0.1")+row("2", "10.0.0.1")))
	r, err := Open(zeek(t), []string{path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	file := r.file
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), os.ErrClosed.Error()) {
		t.Errorf("the file is still open: %v", err)
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("after Close comes %v", err)
	}
}
