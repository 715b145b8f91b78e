//go:build !linux

package faults

import "os/exec"

// Exec does nothing here.
func Exec() {}

// Run returns [ErrUnsupported] here.
func Run(*exec.Cmd, Plan) (Result, error) { return Result{}, ErrUnsupported }
