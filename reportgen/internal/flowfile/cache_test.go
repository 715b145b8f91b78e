package flowfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

func TestCached(t *testing.T) {
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(t.TempDir(), "not", "yet"))
	path := writeFlows(t, someFlows(1000, 14))
	if _, ok, err := profile.ReadCached(path); ok || err != nil {
		t.Fatalf("before the first read: %v, %v", ok, err)
	}
	p, at, err := flowfile.CachedProfile(t.Context(), path, flowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again, ok, err := profile.ReadCached(path)
	if !ok || err != nil {
		t.Fatalf("after the first read: %v, %v", ok, err)
	}
	if !bytes.Equal(encoded(t, again), encoded(t, p)) || again.Sources[0] != p.Sources[0] {
		t.Error("the cached profile differs")
	}
	if want, _ := profile.CachePath(p.Sources[0].SHA256); at != want {
		t.Errorf("kept in %s, looked for in %s", at, want)
	}

	// A copy of another name is found, and shown by its own name.
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.parquet")
	if err := os.WriteFile(other, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if p, ok, err := profile.ReadCached(other); !ok || err != nil || p.Sources[0].Name != "other.parquet" {
		t.Errorf("a copy: %v, %v", ok, err)
	}

	// Other bytes of the same size and time are another file.
	info, err := os.Stat(other)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-20] ^= 1
	if err := errors.Join(os.WriteFile(other, b, 0o600), os.Chtimes(other, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := profile.ReadCached(other); ok || err != nil {
		t.Errorf("other bytes: %v, %v", ok, err)
	}

	// A corrupt profile is regenerated.
	if err := os.Truncate(at, 100); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := profile.ReadCached(path); ok || err != nil {
		t.Errorf("damaged: %v, %v", ok, err)
	}
	if _, _, err := flowfile.CachedProfile(t.Context(), path, flowfile.Options{}); err != nil {
		t.Error(err)
	}
	if _, ok, err := profile.ReadCached(path); !ok || err != nil {
		t.Errorf("regenerated profile: %v, %v", ok, err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(at), "*"))
	if err != nil || len(left) != 1 {
		t.Errorf("the cache holds %v", left)
	}
}

func TestCacheCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FLOWBOOK_CACHE", filepath.Join(file, "below"))
	path := writeFlows(t, someFlows(10, 15))
	var failed error
	p, at, err := flowfile.CachedProfile(t.Context(), path, flowfile.Options{CacheFailed: func(err error) { failed = err }})
	if err != nil || at != "" || p == nil || p.Sources[0].Rows != 10 {
		t.Errorf("profile %v at %q, error %v", p, at, err)
	}
	if !errors.Is(failed, profile.ErrCache) {
		t.Errorf("the cache failed with %v", failed)
	}
	if _, _, err := flowfile.CachedProfile(t.Context(), path+"x", flowfile.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing flow file: %v", err)
	}
}
