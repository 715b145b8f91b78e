package kernel

import "syscall"

// processAttributes give the kernel a process group of its own, so that its children
// end with it, and let it end with the thread that started it: no kernel stays behind
// if this program is killed.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
