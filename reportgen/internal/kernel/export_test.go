package kernel

import "syscall"

// The tests that start real kernels are in package kernel_test, since the drivers
// import this package.

const StateSilent = stateSilent

// Dir is the kernel's private folder.
func (k *Kernel) Dir() string { return k.dir }

// Signal sends a signal to the kernel's process, but not to its group.
func (k *Kernel) Signal(sig syscall.Signal) error { return syscall.Kill(k.proc.cmd.Process.Pid, sig) }
