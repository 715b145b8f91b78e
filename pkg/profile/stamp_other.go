//go:build !linux

package profile

import "os"

// stampOf returns the unknown stamp: hashes of files are remembered only on
// systems on which this has been tested.
func stampOf(f *os.File) (stamp, error) { return stamp{}, nil }
