package workdir

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

func make1(t *testing.T, parent string) *Dir {
	t.Helper()
	d, err := Make(parent, ".report-")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// TestHolder is not a test but the program that TestKilled kills: it makes a
// folder, says which, and waits.
func TestHolder(t *testing.T) {
	parent := os.Getenv("WORKDIR_TEST_PARENT")
	if parent == "" {
		return
	}
	d := make1(t, parent)
	_, _ = os.Stdout.WriteString(d.Path + "\n")
	select {}
}

// The folder of a program that runs stays, and that of one that was killed goes
// with the next.
func TestKilled(t *testing.T) {
	parent := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHolder$")
	cmd.Env = append(os.Environ(), "WORKDIR_TEST_PARENT="+parent)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Scan()
	held := lines.Text()
	if err := os.WriteFile(filepath.Join(held, "work"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first := make1(t, parent)
	if !isThere(filepath.Join(held, "work")) {
		t.Error("the folder of a running program was removed")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the program was not killed")
	}
	second := make1(t, parent)
	if isThere(held) {
		t.Error("the folder of a killed program stays")
	}
	for _, d := range []*Dir{first, second} {
		if !isThere(d.Path) {
			t.Error("a folder in use was removed")
		}
		if err := errors.Join(d.Remove(), d.Remove()); err != nil || isThere(d.Path) {
			t.Errorf("%s stays: %v", d.Path, err)
		}
	}
}

// What a child of a killed program creates once more is removed with the folder of the next program.
func TestChildOutlives(t *testing.T) {
	parent := t.TempDir()
	for _, child := range []string{"tmp/x", "b"} {
		killed := filepath.Join(parent, ".report-1234")
		if err := errors.Join(os.Mkdir(killed, 0o700), mark(killed)); err != nil {
			t.Fatal(err)
		}
		next := make1(t, parent)
		if isThere(killed) {
			t.Error("the folder of a killed program stays")
		}
		if err := errors.Join(os.MkdirAll(filepath.Join(killed, child), 0o700), next.Remove()); err != nil {
			t.Fatal(err)
		}
		if isThere(killed) {
			t.Errorf("%s of a child stays", child)
		}
	}
}

// Folders that Make did not create are not removed, whatever their names.
func TestOthersStay(t *testing.T) {
	parent := t.TempDir()
	for _, name := range []string{".report-mine", ".report-1234", "other"} {
		if err := os.MkdirAll(filepath.Join(parent, name, "new"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(parent, "other", marker), nil, 0o600); err != nil { // of another prefix
		t.Fatal(err)
	}
	aside := t.TempDir()
	if err := os.WriteFile(filepath.Join(aside, marker), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(aside, filepath.Join(parent, ".report-link")); err != nil {
		t.Fatal(err)
	}
	if err := make1(t, parent).Remove(); err != nil {
		t.Error(err)
	}
	for _, path := range []string{".report-mine/new", ".report-1234/new", "other/new", ".report-link"} {
		if !isThere(filepath.Join(parent, path)) {
			t.Errorf("%s was removed", path)
		}
	}
	if !isThere(filepath.Join(aside, marker)) {
		t.Error("what a link points to was removed")
	}
}

// Concurrent programs do not remove each other's folders.
func TestAtOnce(t *testing.T) {
	parent := t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				d, err := Make(parent, "x-")
				if err != nil {
					t.Error(err)
					return
				}
				file := filepath.Join(d.Path, "work")
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Error(err)
				}
				if !isThere(file) {
					t.Error("a folder in use was removed")
				}
				if err := d.Remove(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if entries, err := os.ReadDir(parent); err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

func TestMakeRefuses(t *testing.T) {
	if _, err := Make(filepath.Join(t.TempDir(), "none"), "x-"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

// The next Make completes a removal or creation that a kill cut short: the marker
// is removed last, and an empty folder has no owner.
func TestRemovalCutShort(t *testing.T) {
	parent := t.TempDir()
	for name, files := range map[string][]string{
		".report-1": {marker, "half/of/the/content"},
		".report-2": {marker},
		".report-3": nil,
	} {
		for _, file := range append(files, "") {
			path := filepath.Join(parent, name, file)
			if file == "" {
				path = filepath.Join(parent, name, "x")
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if file != "" {
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	strange := filepath.Join(parent, ".report-4", "of another user")
	if err := os.MkdirAll(strange, 0o700); err != nil {
		t.Fatal(err)
	}
	d := make1(t, parent)
	for _, name := range []string{".report-1", ".report-2", ".report-3"} {
		if isThere(filepath.Join(parent, name)) {
			t.Errorf("%s stays", name)
		}
	}
	if !isThere(strange) || !isThere(d.Path) {
		t.Error("the folder of another user was removed, or the new one")
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
}

// The content of a folder is removed before its marker.
func TestMarkerGoesLast(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("the superuser can remove everything")
	}
	d := make1(t, t.TempDir())
	locked := filepath.Join(d.Path, "a", "b")
	if err := os.MkdirAll(locked, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(locked), 0o500); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err == nil || !isThere(filepath.Join(d.Path, marker)) {
		t.Errorf("the marker went before the content (%v)", err)
	}
	if err := os.Chmod(filepath.Dir(locked), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
}

// A process that outlives a killed program may still write into the folder: the folder is removed all the same, or stays
// marked.
func TestRemovalWhileFilesAppear(t *testing.T) {
	parent := t.TempDir()
	d := make1(t, parent)
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
				_ = os.WriteFile(filepath.Join(d.Path, strconv.Itoa(i)), nil, 0o600) // the folder may be gone
			}
		}
	}()
	err := d.Remove()
	close(done)
	<-stopped
	if isThere(d.Path) && !isThere(filepath.Join(d.Path, marker)) {
		t.Errorf("the folder stays without a marker (%v)", err)
	}
	Sweep(parent, filepath.Base(d.Path))
	if isThere(d.Path) {
		t.Error("the folder stays")
	}
}

// A kernel that outlives a killed program may create its temporary folder once more. It goes if there is no file in it.
func TestFolderOfAKernel(t *testing.T) {
	parent := t.TempDir()
	empty, full := filepath.Join(parent, ".report-1"), filepath.Join(parent, ".report-2")
	for _, dir := range []string{filepath.Join(empty, "tmp", "gonb_1"), filepath.Join(full, "tmp")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(full, "tmp", "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := make1(t, parent)
	if isThere(empty) {
		t.Error("a folder of empty folders stays")
	}
	if !isThere(filepath.Join(full, "tmp", "file")) {
		t.Error("a folder with a file, without a marker, was removed")
	}
	if err := d.Remove(); err != nil {
		t.Error(err)
	}
}
