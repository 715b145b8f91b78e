package flowfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/google/renameio/v2"
)

// CachedProfile returns the profile of a flow file and its path in the cache
// (see [profile.CacheDir]). If the cache has no profile of a file with this
// content, it reads the file and fills the cache.
func CachedProfile(ctx context.Context, path string, o Options) (*profile.Profile, string, error) {
	p, ok, err := profile.ReadCached(path)
	if err != nil {
		return nil, "", err
	}
	if !ok {
		if p, err = Profile(ctx, path, o); err != nil {
			return nil, "", err
		}
	}
	at, err := profile.CachePath(p.Sources[0].SHA256)
	if err != nil {
		return nil, "", err
	}
	if ok {
		return p, at, nil
	}
	// Flow logs say who talked to whom: the cache is for its owner alone.
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return nil, "", fmt.Errorf("profile cache: %w; set FLOWBOOK_CACHE to a folder that can be written", err)
	}
	if err := WriteProfile(at, p); err != nil {
		return nil, "", fmt.Errorf("profile cache: %w; set FLOWBOOK_CACHE to a folder that can be written", err)
	}
	return p, at, nil
}

// WriteProfile writes an encoded profile to a file that appears whole or not
// at all.
func WriteProfile(path string, p *profile.Profile) error {
	f, err := renameio.NewPendingFile(path)
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if err := profile.Encode(f, p); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}
