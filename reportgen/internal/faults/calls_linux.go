package faults

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// file is where a system call names a file.
type file struct {
	folder, path int // positions of arguments; -1 if there is none
}

// calls are the system calls that are intercepted. Those on files by their number have only a folder, which is the file.
var calls = map[int32]struct {
	name  string
	files []file
	fault syscall.Errno
}{
	unix.SYS_OPENAT:          {"open", []file{{0, 1}}, syscall.EIO},
	unix.SYS_MKDIRAT:         {"mkdir", []file{{0, 1}}, syscall.ENOSPC},
	unix.SYS_UNLINKAT:        {"remove", []file{{0, 1}}, syscall.EIO},
	unix.SYS_RENAMEAT2:       {"rename", []file{{0, 1}, {2, 3}}, syscall.EIO},
	unix.SYS_RENAMEAT:        {"rename", []file{{0, 1}, {2, 3}}, syscall.EIO},
	unix.SYS_LINKAT:          {"link", []file{{0, 1}, {2, 3}}, syscall.EPERM},
	unix.SYS_SYMLINKAT:       {"symlink", []file{{1, 2}}, syscall.EPERM},
	unix.SYS_FCHMODAT:        {"chmod", []file{{0, 1}}, syscall.EIO},
	unix.SYS_FCHMOD:          {"chmod", []file{{0, -1}}, syscall.EIO},
	unix.SYS_READ:            {"read", []file{{0, -1}}, syscall.EIO},
	unix.SYS_PREAD64:         {"read", []file{{0, -1}}, syscall.EIO},
	unix.SYS_GETDENTS64:      {"list", []file{{0, -1}}, syscall.EIO},
	unix.SYS_WRITE:           {"write", []file{{0, -1}}, syscall.ENOSPC},
	unix.SYS_PWRITE64:        {"write", []file{{0, -1}}, syscall.ENOSPC},
	unix.SYS_WRITEV:          {"write", []file{{0, -1}}, syscall.ENOSPC},
	unix.SYS_COPY_FILE_RANGE: {"copy", []file{{2, -1}}, syscall.ENOSPC},
	unix.SYS_SENDFILE:        {"copy", []file{{0, -1}}, syscall.ENOSPC},
	unix.SYS_FTRUNCATE:       {"truncate", []file{{0, -1}}, syscall.EIO},
	unix.SYS_FSYNC:           {"sync", []file{{0, -1}}, syscall.EIO},
	unix.SYS_FDATASYNC:       {"sync", []file{{0, -1}}, syscall.EIO},
	unix.SYS_FLOCK:           {"lock", []file{{0, -1}}, syscall.ENOLCK},
}

// call is struct seccomp_notif of the kernel.
type call struct {
	id     uint64
	pid    uint32
	_      uint32
	number int32
	_      uint32
	_      uint64
	args   [6]uint64
}

// response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	_     int64
	err   int32
	flags uint32
}

// Requests of ioctl, from linux/seccomp.h.
const (
	notifyReceive = 0xc0502100
	notifySend    = 0xc0182101
	proceed       = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE
)

func next(filter int) (c call, err error) {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(filter), notifyReceive, uintptr(unsafe.Pointer(&c))); errno != 0 {
		return c, errno
	}
	return c, nil
}

// answer lets a call pass or, if errno is not 0, fail.
func answer(filter int, id uint64, errno syscall.Errno) error {
	r := response{id: id, err: -int32(errno)}
	if errno == 0 {
		r.flags = proceed
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(filter), notifySend, uintptr(unsafe.Pointer(&r))); errno != 0 {
		return errno
	}
	return nil
}

// describe returns the name of a call, and the absolute paths of the files that it is about.
func (c call) describe() (name string, files []string) {
	known := calls[c.number]
	for _, f := range known.files {
		path := ""
		if f.path >= 0 {
			path = c.text(c.args[f.path])
		}
		if filepath.IsAbs(path) {
			files = append(files, filepath.Clean(path))
			continue
		}
		from := fmt.Sprintf("/proc/%d/cwd", c.pid)
		if f.folder >= 0 && int32(c.args[f.folder]) != unix.AT_FDCWD {
			from = fmt.Sprintf("/proc/%d/fd/%d", c.pid, int32(c.args[f.folder]))
		}
		folder, err := os.Readlink(from)
		if err != nil {
			continue // an invalid file, which the kernel refuses
		}
		files = append(files, filepath.Join(folder, path))
	}
	return known.name, files
}

// fault returns the error with which a call fails: a full disk where something is to be written.
func (c call) fault() syscall.Errno {
	if c.number == unix.SYS_OPENAT && c.args[2]&unix.O_CREAT != 0 {
		return syscall.ENOSPC
	}
	return calls[c.number].fault
}

// text reads a string that ends with a zero from the memory of the program.
func (c call) text(at uint64) string {
	buf := make([]byte, unix.PathMax)
	n := 0
	for n < len(buf) && bytes.IndexByte(buf[:n], 0) < 0 {
		part := min(len(buf)-n, os.Getpagesize()-int(at+uint64(n))%os.Getpagesize()) // the next page may not exist
		local := []unix.Iovec{{Base: &buf[n], Len: uint64(part)}}
		remote := []unix.RemoteIovec{{Base: uintptr(at) + uintptr(n), Len: part}}
		got, err := unix.ProcessVMReadv(int(c.pid), local, remote, 0)
		if err != nil || got == 0 {
			break
		}
		n += got
	}
	text, _, _ := bytes.Cut(buf[:n], []byte{0})
	return string(text)
}

// Exec replaces a process that [Run] started by the program that it runs, with the filter in place. In other processes it
// does nothing.
func Exec() {
	program := os.Getenv(variable)
	if program == "" {
		return
	}
	runtime.LockOSThread() // the filter is of this thread, and of the program that replaces it
	const socket = 3
	if err := os.Unsetenv(variable); err != nil {
		fail(socket, err)
	}
	filter, err := install()
	if err != nil {
		fail(socket, err)
	}
	if err := unix.Sendmsg(socket, []byte("ok"), unix.UnixRights(filter), nil, 0); err != nil {
		fail(socket, err)
	}
	_ = unix.Close(filter) // its end is received
	_ = unix.Close(socket)
	err = unix.Exec(program, os.Args, os.Environ())
	fmt.Fprintln(os.Stderr, "faults:", err)
	os.Exit(1)
}

func fail(socket int, err error) {
	_, _ = unix.Write(socket, []byte(err.Error()))
	os.Exit(1)
}

// install installs the filter and returns the file by which its calls are received.
func install() (int, error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, err
	}
	instructions, err := bpf.Assemble(program())
	if err != nil {
		return 0, err
	}
	raw := make([]unix.SockFilter, len(instructions))
	for i, in := range instructions {
		raw[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	prog := unix.SockFprog{Len: uint16(len(raw)), Filter: &raw[0]}
	filter, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return 0, errno
	}
	return int(filter), nil
}

// program is the filter: calls on standard input, output and error pass, among them the messages of a crash.
func program() []bpf.Instruction {
	const number, firstArgument = 0, 16 // offsets in struct seccomp_data
	var p []bpf.Instruction
	for n, c := range calls {
		p = append(p,
			bpf.LoadAbsolute{Off: number, Size: 4},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(n), SkipTrue: 1},
		)
		verdict := bpf.RetConstant{Val: unix.SECCOMP_RET_USER_NOTIF}
		if c.files[0].path >= 0 {
			p = append(p, verdict)
			continue
		}
		p[len(p)-1] = bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(n), SkipTrue: 3}
		p = append(p,
			bpf.LoadAbsolute{Off: firstArgument + 8*uint32(c.files[0].folder), Size: 4},
			bpf.JumpIf{Cond: bpf.JumpLessOrEqual, Val: 2, SkipTrue: 1},
			verdict)
	}
	return append(p, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
}
