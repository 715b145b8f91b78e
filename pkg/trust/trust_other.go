//go:build !unix

package trust

import "io/fs"

// distrust returns why a file or folder is not trusted, or "".
func distrust(fs.FileInfo) string { return "" }
