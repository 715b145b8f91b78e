//go:build unix

package trust

import (
	"io/fs"
	"os"
	"syscall"
)

// distrust returns why a file or folder is not trusted, or "".
func distrust(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	user := os.Geteuid()
	switch {
	case int(stat.Uid) != user && stat.Uid != 0:
		return "belongs to another user"
	case info.Mode().Perm()&0o002 != 0:
		return "can be written by all users"
	case info.Mode().Perm()&0o020 != 0 && (int(stat.Gid) != user || stat.Gid != stat.Uid):
		return "can be written by a group"
	}
	return ""
}
