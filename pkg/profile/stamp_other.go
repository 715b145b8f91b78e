//go:build !linux

package profile

import "os"

// stampOf returns a stamp that tells nothing: the hash of a file is remembered
// only where it has been tested.
func stampOf(f *os.File) (stamp, error) { return stamp{}, nil }
