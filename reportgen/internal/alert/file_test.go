package alert

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An attempt to write to a FIFO without a reader ends with its timeout.
func TestFileBlocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no FIFOs here: ", err)
	}
	opt := quick(t, 2)
	opt.Timeout = 50 * time.Millisecond
	began := time.Now()
	d := deliver(t, "file:"+path, someAlerts(t, 2), opt)
	if d.Kept != 2 || time.Since(began) > 10*time.Second || !strings.Contains(d.Cause.Error(), "blocked") {
		t.Errorf("%+v after %v", d, time.Since(began))
	}
	// Let the goroutine end.
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// Each line of a file is a whole alert, whatever its end was before.
func TestFileTail(t *testing.T) {
	for before, want := range map[string]string{
		"":                              "",
		"{\"a\":1}\n":                   "{\"a\":1}\n",
		"{\"a\":1}":                     "{\"a\":1}\n",
		"{\"a\":1}\n{\"uid\":\"x\",\"f": "{\"a\":1}\n",
		"{\"uid\":\"x":                  "",
		"a note":                        "a note\n",
		"\n":                            "\n",
	} {
		path := filepath.Join(t.TempDir(), "alerts.jsonl")
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := appendLines(path, "{}\n"); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != want+"{}\n" {
			t.Errorf("%q became %q, want %q, %v", before, text, want+"{}\n", err)
		}
	}
	path := filepath.Join(t.TempDir(), "writeonly.jsonl")
	if err := os.WriteFile(path, []byte("{}\n"), 0o200); err != nil {
		t.Fatal(err)
	}
	if err := appendLines(path, "{}\n"); err != nil {
		t.Error(err)
	}
}

// fullDisk is a file on a disk with a little space left.
type fullDisk struct {
	*os.File
	left int
}

func (f *fullDisk) Write(b []byte) (int, error) {
	n, err := f.File.Write(b[:min(len(b), f.left)])
	f.left -= n
	if err == nil && n < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

// WriteString replaces that of [os.File], which would not count.
func (f *fullDisk) WriteString(s string) (int, error) {
	return f.Write([]byte(s)) //nolint:gocritic // WriteString would call itself
}

func (f *fullDisk) Stat() (fs.FileInfo, error) { return f.File.Stat() }

// A full disk leaves no part of a line.
func TestFileFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	if err := os.WriteFile(path, []byte("{\"a\":1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for left := range 9 {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := appendTo(&fullDisk{f, left}, 8, "{\"b\":2}\n{\"c\":3}\n"); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%d bytes left: %v", left, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "{\"a\":1}\n" {
			t.Fatalf("%d bytes left: %q, %v", left, text, err)
		}
	}
}
