//go:build !linux

package main

import "errors"

// exchange is what only Linux can do.
func exchange(_, _ string) error { return errors.ErrUnsupported }
