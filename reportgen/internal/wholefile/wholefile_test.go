package wholefile_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestWrite(t *testing.T) {
	t.Chdir(t.TempDir())
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	for _, content := range []string{"first", "second"} {
		if err := wholefile.WriteBytes("file.txt", []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("file.txt")
		if err != nil || string(text) != content {
			t.Errorf("%q, %v", text, err)
		}
	}
	info, err := os.Stat("file.txt")
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := names(t, "."); !slices.Equal(got, []string{"file.txt"}) {
		t.Errorf("left %v", got)
	}
}

// A symbolic link stays, and the file that it leads to is replaced.
func TestWriteThroughLink(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.Mkdir("folder", 0o777), os.Symlink("folder/file.txt", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("folder/file.txt", []byte("earlier"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := wholefile.WriteBytes("link", []byte("now"), 0o600); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink("link"); err != nil || to != "folder/file.txt" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if text, err := os.ReadFile("folder/file.txt"); err != nil || string(text) != "now" {
		t.Errorf("%q, %v", text, err)
	}
	if got := append(names(t, "."), names(t, "folder")...); !slices.Equal(got, []string{"folder", "link", "file.txt"}) {
		t.Errorf("left %v", got)
	}
}

// A symbolic link to a file that does not exist stays: neither the link nor the file is written.
func TestDanglingLink(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.Mkdir("folder", 0o777), os.Symlink("folder/none", "link"), os.Symlink("link", "again")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "again"} {
		err := wholefile.WriteBytes(name, []byte("now"), 0o600)
		if err == nil || !strings.HasPrefix(err.Error(), name+": is a symbolic link to ") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := wholefile.Target(name); err == nil {
			t.Errorf("%s would be replaced", name)
		}
		if err := wholefile.CheckOutput(name, wholefile.Text); err == nil {
			t.Errorf("%s is an output", name)
		}
	}
	if got := append(names(t, "."), names(t, "folder")...); !slices.Equal(got, []string{"again", "folder", "link"}) {
		t.Errorf("left %v", got)
	}
	if to, err := os.Readlink("link"); err != nil || to != "folder/none" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}

// A pipe, as /dev/stdout can be one, is written to and stays a pipe.
func TestWriteToPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo("pipe", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pipe", "link"); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		text, err := os.ReadFile("pipe")
		if err != nil {
			t.Error(err)
		}
		read <- string(text)
	}()
	if err := wholefile.WriteBytes("link", []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := <-read; text != "content" {
		t.Errorf("read %q", text)
	}
	if info, err := os.Stat("pipe"); err != nil || info.Mode().Type() != os.ModeNamedPipe {
		t.Errorf("%v, %v", info, err)
	}
	if got := names(t, "."); !slices.Equal(got, []string{"link", "pipe"}) {
		t.Errorf("left %v", got)
	}
}

// A failed write leaves the earlier file and nothing else.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file.txt")
	if err := wholefile.WriteBytes(path, []byte("earlier"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := wholefile.Write(path, 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "earlier" {
		t.Errorf("%q, %v", text, err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{folder, filepath.Join(dir, "none", "x"), filepath.Join(path, "x")} {
		if err := wholefile.WriteBytes(bad, nil, 0o600); err == nil {
			t.Errorf("%s was written", bad)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"file.txt", "folder"}) {
		t.Errorf("left %v", got)
	}
}

// While it is written, only the user may read the file, and nothing of it is in
// the folder for temporary files.
func TestPrivate(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	dir := t.TempDir()
	f, err := wholefile.Create(filepath.Join(dir, "flows.parquet"), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, temp); len(got) > 0 {
		t.Errorf("in TMPDIR: %v", got)
	}
	for _, name := range names(t, dir) {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := f.Abort(); err != nil {
		t.Error(err)
	}
	if err := f.Abort(); err != nil {
		t.Error(err)
	}
	if err := f.Commit(); err == nil {
		t.Error("a discarded file was committed")
	}
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("left %v", got)
	}
}

// What a killed program left is removed by the next write.
func TestKilled(t *testing.T) {
	path := os.Getenv("WHOLEFILE_KILLED")
	if path != "" {
		f, err := wholefile.Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString("half")
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	dir := t.TempDir()
	path = filepath.Join(dir, "file.txt")
	for range 2 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "WHOLEFILE_KILLED="+path)
		if err := cmd.Run(); err == nil {
			t.Fatal("the program was not killed")
		}
		if got := names(t, dir); len(got) != 1 {
			t.Fatalf("a killed program left %v", got)
		}
	}
	if err := wholefile.WriteBytes(path, []byte("whole"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"file.txt"}) {
		t.Errorf("left %v", got)
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		file:                              "",
		filepath.Join(dir, "new"):         "",
		dir:                               "is a folder; name a file in it",
		filepath.Join(dir, "no", "x"):     "does not exist; create it first",
		filepath.Join(file, "x"):          "not a",
		filepath.Join(dir, "a\x00b", "x"): "invalid argument",
	} {
		if err := wholefile.Check(path); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
