package kernel

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a kernel's process and its process group.
type process struct {
	cmd    *exec.Cmd
	stderr *tail
	exited chan struct{} // closed when the process has ended
	state  string        // how it ended; set before exited is closed
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, stderr: &tail{}, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stderr, p.stderr
	cmd.SysProcAttr = processAttributes()
	cmd.WaitDelay = time.Second // for a child that keeps the kernel's stderr open
	started := make(chan error)
	go func() {
		// The kernel ends with the thread that started it, see processAttributes.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		p.state = "exit status 0"
		if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
			p.state = err.Error()
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// signal sends sig to the whole group. It is not an error if the group has ended.
func (p *process) signal(sig syscall.Signal) error {
	err := syscall.Kill(-p.cmd.Process.Pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// end kills the group and waits until the kernel has ended.
func (p *process) end() {
	// If the group cannot be killed, it has no members left.
	_ = p.signal(syscall.SIGKILL)
	<-p.exited
	_ = p.signal(syscall.SIGKILL) // a child started between the first signal and the end
}

// DiedError reports a kernel whose process ended before it was closed.
type DiedError struct {
	State  string // how the process ended: "signal: killed", "exit status 1"
	Stderr string // the end of what it wrote
}

func (e *DiedError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("the kernel died (%s)", e.State)
	}
	return fmt.Sprintf("the kernel died (%s); its last output:\n%s", e.State, indent(e.Stderr))
}

func indent(s string) string {
	return "\t" + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n\t")
}

// tailSize is the number of bytes kept of a kernel's own output, enough for a stack
// trace.
const tailSize = 8 << 10

// tail is a writer that keeps the last bytes.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.buf), "")
}
