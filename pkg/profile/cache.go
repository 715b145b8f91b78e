package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/flowbook/flowbook/pkg/trust"
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
// hexadecimal, is kept. The name holds the newest version of the format, so that a
// newer Flowbook never reads what an older one left.
func CachePath(sha256 string) (string, error) {
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, fmt.Sprintf("%s.v%d.profile", sha256, detailsVersion)), nil
}

// hashFile returns the SHA-256 of a file's bytes in hexadecimal. It reads the
// whole file: size and time of change would be quicker to compare and would
// now and then bring back yesterday's profile.
func hashFile(path string) (string, error) {
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

// ErrCache reports a cache that cannot be used, as opposed to a flow file that
// cannot be read; test for it with errors.Is. Profiles can still be computed
// without the cache.
var ErrCache = errors.New("the profile cache cannot be used; set FLOWBOOK_CACHE to a folder that only you can write to")

// ReadCached returns the profile of a flow file from the cache, or false if
// the cache does not have it. A cached profile that is damaged or that another user
// may have written counts as missing, since it can be computed again. If the cache
// cannot be read, or other users can write to it, the error is an [ErrCache].
func ReadCached(path string) (*Profile, bool, error) {
	return readCached(path, func(f *os.File) (*Profile, error) { return decode(f) })
}

// CachedHead is [ReadCached] for the sources and rejected rows alone, in little memory.
func CachedHead(path string) (*Profile, bool, error) {
	return readCached(path, func(f *os.File) (*Profile, error) {
		info, err := f.Stat()
		if err != nil {
			return nil, err
		}
		e, err := OpenEncoded(path, io.NewSectionReader(f, 0, info.Size()))
		if err != nil {
			return nil, err
		}
		return &Profile{Sources: e.Sources, Rejected: e.Rejected}, nil
	})
}

func readCached(path string, read func(*os.File) (*Profile, error)) (*Profile, bool, error) {
	sum, err := knownHash(path, time.Now())
	if err != nil {
		return nil, false, err
	}
	at, err := CachePath(sum)
	if err != nil {
		return nil, false, fmt.Errorf("%w (%w)", ErrCache, err)
	}
	f, err := trust.Open(at)
	var foreign *trust.Error
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, &foreign) && !foreign.Folder {
		// Whether the cache can be filled is known when it is.
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w (%w)", ErrCache, err)
	}
	defer f.Close()
	p, err := read(f)
	if err != nil || len(p.Sources) != 1 || p.Sources[0].SHA256 != sum {
		return nil, false, nil // it is computed again
	}
	p.rename(filepath.Base(path))
	return p, true, nil
}

// rename gives the one source of p the name that its file has today: files of
// the same bytes share a cached profile, but each shows its own name.
func (p *Profile) rename(name string) {
	p.Sources[0].Name = name
	for i := range p.Rejected {
		p.Rejected[i].First.File = name
	}
}

// memoLeast is the size in bytes of the smallest file whose hash is remembered:
// smaller ones are hashed in the time that it takes to look it up.
const memoLeast = 4 << 20

// memoSettled is for how long a file must have been left alone before its hash
// is remembered: longer than the steps in which any file system counts time, so
// that a later change shows.
const memoSettled = 2 * time.Second

// stamp distinguishes the contents that a file had over time.
type stamp struct {
	text    string    // device, file, size, times of change of the content and of the file; "" if unknown
	changed time.Time // the later of the two times
	size    int64     // in bytes
}

// knownHash returns the hash of a file. It remembers the hash in the cache folder,
// so that not every cell of a report has to read a large flow file again. A
// remembered hash is valid for one path, device, file number, size, and the two
// times that the system sets when the content (mtime) or anything else (ctime)
// changes. Programs cannot set ctime back. As in Git's index, a hash is only
// remembered if the file had not changed for a while before it was read, and did
// not change during the read. So a file with other content has another stamp. On
// systems without such a time, the file is hashed each time.
func knownHash(path string, now time.Time) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a named pipe is not waited for
	if err != nil {
		return "", err
	}
	defer f.Close()
	before, err := stampOf(f)
	if err != nil {
		return "", err
	}
	memo := memoPath(path)
	if before.text == "" || before.size < memoLeast || memo == "" {
		return hashOf(f)
	}
	if b, err := trust.ReadFile(memo); err == nil {
		rest, _ := strings.CutPrefix(string(b), before.text+"\n")
		if sum, _, _ := strings.Cut(rest, "\n"); isSum(sum) && string(b) == memoText(before, sum) {
			return sum, nil
		}
	}
	sum, err := hashOf(f)
	if err != nil {
		return "", err
	}
	if after, err := stampOf(f); err == nil && after == before && now.Sub(before.changed) > memoSettled {
		remember(memo, memoText(before, sum))
	}
	return sum, nil
}

// memoText is the text of a memo, which ends with a checksum.
func memoText(of stamp, sum string) string {
	text := of.text + "\n" + sum + "\n"
	return text + fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(text)))
}

// remember writes a memo. It ignores errors: without a memo, or with one that is
// incomplete, the file is hashed again next time.
func remember(memo, text string) {
	dir := filepath.Dir(memo)
	if os.MkdirAll(dir, 0o700) != nil || trust.CheckFolder(dir) != nil {
		return
	}
	_ = os.Remove(memo) // which may belong to another user
	_ = os.WriteFile(memo, []byte(text), 0o600)
}

// memoPath returns where the hash of the file at path is remembered, or "" where
// there is no place for it.
func memoPath(path string) string {
	dir, err := CacheDir()
	if err != nil {
		return ""
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	name := sha256.Sum256([]byte(abs))
	return filepath.Join(dir, fmt.Sprintf("%x.sum", name[:16]))
}

// isSum says whether s is a SHA-256 in hexadecimal.
func isSum(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size
}

// ContentHash returns the SHA-256 of a file's bytes in hexadecimal. It remembers the
// hashes of large files in the cache folder.
func ContentHash(path string) (string, error) { return knownHash(path, time.Now()) }
