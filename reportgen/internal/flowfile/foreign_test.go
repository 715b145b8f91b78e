package flowfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/testenv"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// A profile that another user may have written is computed again, and none is
// written where others could replace it.
func TestForeignCache(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("FLOWBOOK_CACHE", cache)
	path := testenv.Path(t, "testdata", "servers.parquet")
	read := func() (at string, failed error) {
		t.Helper()
		p, at, err := flowfile.CachedProfile(t.Context(), path, flowfile.Options{CacheFailed: func(err error) { failed = err }})
		if err != nil || p.Sources[0].Rows < 1000 {
			t.Fatalf("%v, %v", p, err)
		}
		return at, failed
	}
	at, failed := read()
	if at == "" || failed != nil {
		t.Fatalf("%q, %v", at, failed)
	}
	// A profile of the same file with other content, as an attacker would make it.
	p, ok, err := profile.ReadCached(path)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	p.Sources[0].Rows = 1
	if err := flowfile.WriteProfile(at, p); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(at, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, failed := read(); failed != nil {
		t.Error(failed)
	}
	if info, err := os.Stat(at); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the profile was not replaced: %v, %v", info.Mode(), err)
	}
	if err := flowfile.WriteProfile(at, p); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	if at, failed := read(); at != "" || !errors.Is(failed, profile.ErrCache) {
		t.Errorf("a cache that all users can write to is used: %q, %v", at, failed)
	}
}
