//go:build !linux

package report

import "errors"

// exchange needs Linux.
func exchange(_, _ string) error { return errors.ErrUnsupported }
