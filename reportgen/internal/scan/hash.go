package scan

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// hashFile returns the SHA-256 of the file's bytes in hexadecimal.
func hashFile(ctx context.Context, f *file) (string, error) {
	h := sha256.New()
	r := io.NewSectionReader(f.reader, 0, f.size)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if _, err := io.CopyN(h, r, 4<<20); err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		} else if err != nil {
			return "", f.fail(-1, "", err)
		}
	}
}
