package profile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// largeFile writes a file that is worth a memo and returns its path and stamp.
func largeFile(t *testing.T, content byte) (string, stamp) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "day.parquet")
	return path, rewrite(t, path, content)
}

func rewrite(t *testing.T, path string, content byte) stamp {
	t.Helper()
	if err := os.WriteFile(path, bytes.Repeat([]byte{content}, memoLeast), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := stampOf(f)
	if err != nil {
		t.Fatal(err)
	}
	if s.text == "" {
		t.Skip("no hash is remembered on this system")
	}
	return s
}

// checkHash checks what knownHash says at a time against the file's own hash.
func checkHash(t *testing.T, path string, now time.Time) string {
	t.Helper()
	want, err := hashFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := knownHash(path, now); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	return want
}

func TestKnownHash(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(t.TempDir(), "cache"))
	path, was := largeFile(t, 'a')
	memo := memoPath(path)

	checkHash(t, path, was.changed)
	if _, err := os.Stat(memo); err == nil {
		t.Error("the hash of a file that has just changed is remembered")
	}
	later := was.changed.Add(time.Hour)
	sum := checkHash(t, path, later)
	b, err := os.ReadFile(memo)
	if err != nil || string(b) != memoText(was, sum) {
		t.Fatalf("%q, %v", b, err)
	}

	// Another hash in its place shows that the file is not read again.
	other := strings.Repeat("0", len(sum))
	write := func(text string) {
		if err := os.WriteFile(memo, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(memoText(was, other))
	if got, err := knownHash(path, later); err != nil || got != other {
		t.Errorf("%s, %v: the memo is not read", got, err)
	}
	changed := []byte(memoText(was, other))
	changed[len(was.text)+1] = '1'
	for _, damaged := range []string{string(changed), "", was.text, was.text + "\n", was.text + "\n" + other[:63], was.text + "\n" + other + "\n", "x" + was.text + "\n" + other} {
		write(damaged)
		checkHash(t, path, later)
	}

	// Other bytes, the same size, the same time of change of the content.
	write(memoText(was, other))
	for rewrite(t, path, 'b').changed.Equal(was.changed) {
	}
	if err := os.Chtimes(path, time.Time{}, was.changed); err != nil {
		t.Fatal(err)
	}
	checkHash(t, path, later)
}

// TestSmallFilesAreHashed checks that no memo is kept where it saves nothing,
// and that a missing file is an error that names it.
func TestSmallFilesAreHashed(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", t.TempDir())
	path := filepath.Join(t.TempDir(), "day.parquet")
	if _, err := knownHash(path, time.Now()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
	checkHash(t, path, time.Now().Add(time.Hour))
	if _, err := os.Stat(memoPath(path)); err == nil {
		t.Error("the hash of a small file is remembered")
	}
}
