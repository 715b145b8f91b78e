//go:build !linux

package kernel

import "syscall"

// processAttributes give the kernel a process group of its own, so that its children
// end with it.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
