package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Run runs a program: it starts the running executable, which [Exec] replaces by the program. The error is not
// that of the program.
func Run(cmd *exec.Cmd, plan Plan) (Result, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return Result{}, err
	}
	ours, theirs := pair[0], os.NewFile(uintptr(pair[1]), "faults")
	defer unix.Close(ours)
	if len(cmd.ExtraFiles) > 0 {
		return Result{}, errors.New("faults: ExtraFiles is not supported")
	}
	cmd.ExtraFiles = []*os.File{theirs} // number 3
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, variable+"="+cmd.Path)
	cmd.Path = "/proc/self/exe"
	err = cmd.Start()
	_ = theirs.Close() // the program has it
	if err != nil {
		return Result{}, err
	}
	filter, err := receive(ours)
	if err != nil {
		return Result{}, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	ended := make([]int, 2)
	if err := unix.Pipe2(ended, unix.O_CLOEXEC); err != nil {
		return Result{}, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	defer unix.Close(ended[0])
	s := supervisor{filter: filter, ended: ended[0], plan: plan, kill: cmd.Process.Kill}
	var serving sync.WaitGroup
	var served error
	serving.Go(func() {
		defer unix.Close(filter)
		served = s.serve()
		if served != nil {
			_ = cmd.Process.Kill() // its calls would wait forever
		}
	})
	r := Result{Err: cmd.Wait()}
	_ = unix.Close(ended[1]) // ends serve
	serving.Wait()
	r.Calls, r.Failed = s.calls, s.failed
	return r, served
}

// receive returns the file that a process sends over a socket. If the process cannot make a filter, it sends its error.
func receive(socket int) (int, error) {
	text, control := make([]byte, 256), make([]byte, unix.CmsgSpace(4))
	n, m, _, _, err := unix.Recvmsg(socket, text, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:m])
	if err != nil || len(messages) != 1 {
		return 0, fmt.Errorf("%w: %s", ErrUnsupported, bytes.TrimSpace(text[:n]))
	}
	files, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(files) != 1 {
		return 0, errors.Join(err, errors.New("faults: no filter received"))
	}
	return files[0], nil
}

// supervisor answers the calls of a program.
type supervisor struct {
	filter, ended int
	plan          Plan
	kill          func() error
	calls, broken int
	failed        string
}

// serve answers calls until the program has ended.
func (s *supervisor) serve() error {
	for {
		ready := []unix.PollFd{{Fd: int32(s.filter), Events: unix.POLLIN}, {Fd: int32(s.ended), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, -1); err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if ready[0].Revents&unix.POLLIN == 0 {
			if ready[0].Revents != 0 || ready[1].Revents != 0 {
				return nil
			}
			continue
		}
		call, err := next(s.filter)
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EINTR) {
			continue // the thread was interrupted or has ended
		}
		if err != nil {
			return err
		}
		if err := answer(s.filter, call.id, s.errno(call)); err != nil && !errors.Is(err, syscall.ENOENT) {
			return err
		}
	}
}

// errno returns the error with which a call fails, or 0.
func (s *supervisor) errno(c call) syscall.Errno {
	name, files := c.describe()
	inside := ""
	for _, f := range files {
		if rel, ok := strings.CutPrefix(f, s.plan.Root+"/"); ok {
			inside = rel
		}
	}
	if inside == "" {
		return 0
	}
	s.calls++
	if s.plan.At == 0 || s.calls < s.plan.At || s.plan.Most >= 0 && s.broken > max(s.plan.Most, 1)-1 {
		return 0
	}
	s.broken++
	if s.failed == "" {
		s.failed = name + " " + inside
	}
	if s.plan.Kill {
		_ = s.kill() // it may have ended
	}
	return c.fault()
}
