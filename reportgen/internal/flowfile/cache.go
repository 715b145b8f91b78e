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
	p, at, d, err := cached(ctx, path, o, profile.ReadCached)
	if err != nil || d == nil {
		return p, at, err
	}
	p, err = d.whole()
	return p, at, errors.Join(err, d.Close())
}

// Cache adds the profile of a flow file to the cache, like [CachedProfile], and returns
// its path and its sources and rejected rows. It does not hold the whole profile.
func Cache(ctx context.Context, path string, o Options) (*profile.Profile, string, error) {
	p, at, d, err := cached(ctx, path, o, profile.CachedHead)
	if err != nil || d == nil {
		return p, at, err
	}
	return &d.head, at, d.Close()
}

// cached returns what read gives for a flow file that the cache has. Otherwise, it reads
// the file and fills the cache.
func cached(ctx context.Context, path string, o Options, read func(string) (*profile.Profile, bool, error)) (p *profile.Profile, at string, d *day, err error) {
	p, ok, err := read(path)
	if err != nil && !errors.Is(err, profile.ErrCache) {
		return nil, "", nil, err
	}
	cacheErr := err
	head := p
	if !ok {
		if d, err = made(ctx, []string{path}, o.inCache()); err != nil {
			return nil, "", nil, err
		}
		head = &d.head
	}
	if cacheErr == nil {
		at, cacheErr = fillCache(head.Sources[0].SHA256, d)
	}
	if cacheErr != nil {
		if o.CacheFailed != nil {
			o.CacheFailed(cacheErr)
		}
		return p, "", d, nil
	}
	return p, at, d, nil
}

// inCache puts the parts of a day into the folder of the cache, if it can be used and no
// other is set.
func (o Options) inCache() Options {
	if o.Folder == "" {
		if dir, err := profile.CacheDir(); err == nil && os.MkdirAll(dir, 0o700) == nil && trust.CheckFolder(dir) == nil {
			o.Folder = dir
		}
	}
	return o
}

// fillCache writes the profile of a day to the cache, unless it is nil and there already,
// and returns its path.
func fillCache(sum string, d *day) (string, error) {
	at, err := profile.CachePath(sum)
	if d == nil {
		wholefile.Sweep(at)
	}
	if err == nil && d != nil {
		// Flow logs say who talked to whom: only their owner may read the cache.
		if err = os.MkdirAll(filepath.Dir(at), 0o700); err == nil {
			err = trust.CheckFolder(filepath.Dir(at))
		}
		if err == nil {
			err = d.write(at)
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
