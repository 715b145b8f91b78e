//go:build !linux

package report

import "errors"

// exchange needs Linux.
func exchange(_, _ string) error { return errors.ErrUnsupported }

// mountPoint reports whether a file system is mounted at path.
func mountPoint(path string) bool { return otherDevice(path) }
