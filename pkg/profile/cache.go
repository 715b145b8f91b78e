package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// CacheDir returns the folder that holds the profiles of flow files read
// before: $FLOWBOOK_CACHE, else flowbook in the user's cache folder. It need
// not exist.
func CacheDir() (string, error) {
	if dir := os.Getenv("FLOWBOOK_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w; set FLOWBOOK_CACHE", err)
	}
	return filepath.Join(dir, "flowbook"), nil
}

// CachePath returns where the profile of the flow file with a SHA-256, in
// hexadecimal, is kept. The name holds the version of the format, so that a
// newer Flowbook never reads what an older one left.
func CachePath(sha256 string) (string, error) {
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s.v%d.profile", sha256, FormatVersion)), nil
}

// Hash returns the SHA-256 of a file's bytes in hexadecimal. It reads the
// whole file: size and time of change would be quicker to compare and would
// now and then bring back yesterday's profile.
func Hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return hashOf(f)
}

func hashOf(f *os.File) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err // which names the file
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// ReadCached returns the profile of a flow file from the cache, or false where
// the cache does not have it. A cached profile that is damaged counts as
// missing, since it can be made again.
func ReadCached(path string) (*Profile, bool, error) {
	sum, err := knownHash(path, time.Now())
	if err != nil {
		return nil, false, err
	}
	at, err := CachePath(sum)
	if err != nil {
		return nil, false, err
	}
	b, err := os.ReadFile(at)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("profile cache: %w", err)
	}
	p, ok := cachedProfile(b, sum)
	if !ok {
		return nil, false, nil
	}
	p.rename(filepath.Base(path))
	return p, true, nil
}

// cachedProfile decodes a profile of the one flow file with that SHA-256.
func cachedProfile(b []byte, sum string) (*Profile, bool) {
	p, err := Unmarshal(b)
	return p, err == nil && len(p.Sources) == 1 && p.Sources[0].SHA256 == sum
}

// rename gives the one source of p the name that its file has today: files of
// the same bytes share a cached profile, but each shows its own name.
func (p *Profile) rename(name string) {
	p.Sources[0].Name = name
	for i := range p.Rejected {
		p.Rejected[i].First.File = name
	}
}
