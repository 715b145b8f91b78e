package main

import (
	"cmp"
	"runtime/debug"
)

// release is the version of a released build: the linker sets it.
var release string

// version returns the version of this program: that of the release, of the
// module, or of the commit from whose work tree it was built, or else "(devel)".
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}
