package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// memoLeast is the size in bytes of the smallest file whose hash is remembered:
// smaller ones are hashed in the time that it takes to look it up.
const memoLeast = 4 << 20

// memoSettled is for how long a file must have been left alone before its hash
// is remembered: longer than the steps in which any file system counts time, so
// that a later change shows.
const memoSettled = 2 * time.Second

// stamp tells apart the contents that a file had over time.
type stamp struct {
	text    string    // device, file, size, times of change of the content and of the file; "" if unknown
	changed time.Time // the later of the two times
	size    int64     // in bytes
}

// knownHash is [Hash], remembered in the cache folder so that each of a report's
// cells need not read a large flow file again. What is remembered holds for one
// path, device, file number, size, and the two times that the system itself sets
// when content (mtime) or anything (ctime) changes. Nobody can set the second
// back, and as Git does with its index a hash is only remembered if the file had
// not changed for a while when it was read, and did not while it was: so a file
// with other content has another stamp. Where the system tells no such time, the
// file is hashed each time.
func knownHash(path string, now time.Time) (string, error) {
	f, err := os.Open(path)
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
	if b, err := os.ReadFile(memo); err == nil {
		if sum, ok := strings.CutPrefix(string(b), before.text+"\n"); ok && isSum(sum) {
			return sum, nil
		}
	}
	sum, err := hashOf(f)
	if err != nil {
		return "", err
	}
	if after, err := stampOf(f); err == nil && after == before && now.Sub(before.changed) > memoSettled {
		remember(memo, before.text+"\n"+sum)
	}
	return sum, nil
}

// remember writes a memo. One that cannot be written is no error: the file is
// hashed again next time, and a half-written one is none.
func remember(memo, text string) {
	if os.MkdirAll(filepath.Dir(memo), 0o700) == nil {
		_ = os.WriteFile(memo, []byte(text), 0o600)
	}
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
