package main

import (
	"cmp"
	"runtime/debug"
)

// version is the version of this program's module as Go built it in: a release, the
// commit in whose work tree it was built, or "(devel)" where neither is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	return cmp.Or(info.Main.Version, "(devel)")
}
