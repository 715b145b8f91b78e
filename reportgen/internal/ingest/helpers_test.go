package ingest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowbook/flowbook/pkg/flow"
)

// decoded is what a log gives: flows, rows left out, and the error at its end.
type decoded struct {
	flows []Flow
	bad   []rowError
	err   error // nil for a regular end
}

func decode(log string, loc *time.Location) decoded {
	in, err := newLines(strings.NewReader(log))
	if err != nil {
		return decoded{err: err}
	}
	d, err := openZeek(in, newRowReader(clock{loc}), Options{})
	if err != nil {
		return decoded{err: err}
	}
	got := drain(d)
	for i := range got.flows {
		got.flows[i].Relative = false // the times of these tests are small
	}
	return got
}

// drain reads to the end or the first error that is final.
func drain(d decoder) decoded {
	var got decoded
	for {
		f, err := d.Read()
		var row *rowError
		switch {
		case err == nil:
			got.flows = append(got.flows, f)
		case err == io.EOF:
			return got
		case errors.As(err, &row):
			got.bad = append(got.bad, rowError{Line: row.Line, Reason: row.Reason, Detail: row.Detail})
		default:
			got.err = err
			return got
		}
	}
}

func zeek(t testing.TB) Format {
	t.Helper()
	f, err := Lookup("zeek")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll reads flows to the end or the first error.
func readAll(t testing.TB, paths []string, opt Options) ([]Flow, Summary, error) {
	t.Helper()
	return readAs(t, "zeek", paths, opt)
}

// readAs is readAll of any format.
func readAs(t testing.TB, name string, paths []string, opt Options) ([]Flow, Summary, error) {
	t.Helper()
	format, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(format, paths, opt)
	if err != nil {
		return nil, Summary{}, err
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	var flows []Flow
	for {
		f, err := r.Read()
		if err != nil {
			summary := r.Summary()
			if err == io.EOF {
				err = nil
			}
			return flows, summary, err
		}
		f.Relative = false
		flows = append(flows, f)
	}
}

// write makes a file in a folder of the test and returns its path.
func write(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t testing.TB, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func date(t testing.TB, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// record writes a flow record shortly.
func record(at flow.Time, src, dst string, proto flow.Proto, port uint16, up, down int64) flow.Record {
	return flow.Record{Time: at, Src: netip.MustParseAddr(src), Dst: netip.MustParseAddr(dst), Proto: proto, Port: port, Up: up, Down: down}
}
