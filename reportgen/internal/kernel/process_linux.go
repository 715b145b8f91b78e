package kernel

import "syscall"

// processAttributes give the kernel a process group of its own, so that compilers
// and cells end with it, and let it end with the thread that started it: whatever
// happens to this program, no kernel stays behind.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
