package flowfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/pkg/trust"
	"github.com/flowbook/flowbook/reportgen/internal/wholefile"
)

// CachedProfile returns the profile of a flow file and its path in the cache
// (see [profile.CacheDir]). If the cache has no profile of a file with this
// content, it reads the file and fills the cache.
//
// A cache that cannot be read or written costs time but not the result: the
// path is then empty, and Options.CacheFailed gets the error.
func CachedProfile(ctx context.Context, path string, o Options) (*profile.Profile, string, error) {
	p, ok, err := profile.ReadCached(path)
	if err != nil && !errors.Is(err, profile.ErrCache) {
		return nil, "", err
	}
	cacheErr := err
	if !ok {
		if p, err = Profile(ctx, path, o); err != nil {
			return nil, "", err
		}
	}
	at := ""
	if cacheErr == nil {
		at, cacheErr = fillCache(p, ok)
	}
	if cacheErr != nil {
		if o.CacheFailed != nil {
			o.CacheFailed(cacheErr)
		}
		return p, "", nil
	}
	return p, at, nil
}

// fillCache writes a profile to the cache, unless it is there already, and
// returns its path.
func fillCache(p *profile.Profile, cached bool) (string, error) {
	at, err := profile.CachePath(p.Sources[0].SHA256)
	if cached {
		wholefile.Sweep(at)
	}
	if err == nil && !cached {
		// Flow logs say who talked to whom: only their owner may read the cache.
		if err = os.MkdirAll(filepath.Dir(at), 0o700); err == nil {
			err = trust.CheckFolder(filepath.Dir(at))
		}
		if err == nil {
			err = WriteProfile(at, p)
		}
	}
	if err != nil {
		return "", fmt.Errorf("%w (%w)", profile.ErrCache, err)
	}
	return at, nil
}

// WriteProfile writes an encoded profile to a file that appears whole or not
// at all.
func WriteProfile(path string, p *profile.Profile) error {
	return wholefile.Write(path, 0o600, func(w io.Writer) error { return profile.Encode(w, p) })
}
