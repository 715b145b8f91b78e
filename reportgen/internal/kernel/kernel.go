package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/flowbook/flowbook/reportgen/internal/workdir"
)

// Options say how to start a kernel. Only Spec is required.
type Options struct {
	Spec         *Spec
	Dir          string        // the kernel's working directory; empty: the caller's
	Env          []string      // added to the caller's environment, as KEY=value
	StartTimeout time.Duration // until the kernel answers; 0: one minute
	StopTimeout  time.Duration // until an interrupt or a shutdown is obeyed; 0: two seconds
	MaxOutput    int           // bytes kept of what one cell prints and displays; 0: 64 MiB
	// HeartbeatTimeout is how long a kernel may leave its heartbeat unanswered before
	// it is ended; 0: half a minute.
	HeartbeatTimeout time.Duration
	// Hide replaces strings in every output, pairwise old and new as in
	// [strings.NewReplacer]: absolute paths that would differ between machines.
	Hide []string
	// Cells are the sources of the cells that will be executed, in their order, for
	// a kernel that can make use of it (see [Spec].Ahead). Executing others, or not
	// all, is no error.
	Cells []string
}

// Kernel is a running kernel. Its methods are for one goroutine at a time.
type Kernel struct {
	opts     Options
	dir      string // the path of private
	private  *workdir.Dir
	proc     *process
	sockets  *sockets
	codec    codec
	iopub    chan *message
	shell    chan *message
	stdin    chan *message
	done     chan struct{} // closed by Close: what still arrives is dropped
	finished chan struct{} // closed when every reader has ended
	info     Info
	badErr   chan error
	displays map[string][]display // by display_id
	cells    map[string]*collector
	clean    *cleaner
	closed   bool

	silent     atomic.Bool // it was ended because its heartbeat had stopped
	inputsRead int64       // bytes of the inputs' file that were told
	ahead      *ahead      // nil for a kernel that builds no cells ahead
}

// Info is what a kernel says of itself.
type Info struct {
	Implementation        string         `json:"implementation"`
	ImplementationVersion string         `json:"implementation_version"`
	Banner                string         `json:"banner"`
	LanguageInfo          map[string]any `json:"language_info"` // name, version, file_extension, …
}

// String tells the versions of the kernel and of its language: "ipython 9.18.1,
// python 3.11.7".
func (i Info) String() string {
	language, _ := i.LanguageInfo["name"].(string)
	version, _ := i.LanguageInfo["version"].(string)
	return strings.TrimSpace(i.Implementation+" "+i.ImplementationVersion) + ", " +
		strings.TrimSpace(language+" "+strings.TrimPrefix(version, language)) // Go's is "go1.26"
}

// ErrNoAnswer says that a kernel was started and did not answer in time.
var ErrNoAnswer = errors.New("the kernel did not answer")

// Start starts a kernel and waits until it answers. A kernel that ends instead
// gives a [*DiedError] with what it wrote, one that says nothing [ErrNoAnswer]. ctx
// bounds the start only.
func Start(ctx context.Context, opts Options) (*Kernel, error) {
	opts.StartTimeout = orDefault(opts.StartTimeout, time.Minute)
	opts.StopTimeout = orDefault(opts.StopTimeout, 2*time.Second)
	opts.MaxOutput = orDefault(opts.MaxOutput, 64<<20)
	opts.HeartbeatTimeout = orDefault(opts.HeartbeatTimeout, 30*time.Second)
	private, err := newFolder()
	if err != nil {
		return nil, err
	}
	k := &Kernel{
		opts: opts, dir: private.Path, private: private, codec: codec{session: uuid.NewString()},
		iopub: make(chan *message, 1024), shell: make(chan *message, 64), stdin: make(chan *message, 4),
		done: make(chan struct{}), finished: make(chan struct{}), badErr: make(chan error, 1),
		displays: make(map[string][]display), cells: make(map[string]*collector),
		clean: newCleaner(private.Path, slices.Concat(opts.Spec.Hide, opts.Hide)),
	}
	if err := k.start(ctx); err != nil {
		k.opts.StopTimeout = 0 // what did not start is not asked to stop
		return nil, errors.Join(fmt.Errorf("start kernel %s: %w", opts.Spec.Name, err), k.Close())
	}
	return k, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

func (k *Kernel) start(ctx context.Context) error {
	conn, file, err := newConnection(k.dir, k.opts.Spec.Name)
	if err != nil {
		return fmt.Errorf("write the connection file: %w", err)
	}
	k.codec.key = []byte(conn.Key)
	if err := k.configureIPython(); err != nil {
		return err
	}
	if k.opts.Spec.Ahead && len(k.opts.Cells) > 0 {
		if k.ahead, err = newAhead(filepath.Join(k.dir, "cells"), k.opts.Cells); err != nil {
			return fmt.Errorf("tell the kernel its cells: %w", err)
		}
	}
	cmd := k.command(file)
	if k.proc, err = startProcess(cmd); err != nil {
		return fmt.Errorf("%w: is the kernel still installed?", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, k.opts.StartTimeout,
		fmt.Errorf("%w within %v", ErrNoAnswer, k.opts.StartTimeout))
	defer cancel()
	ctx, die := context.WithCancelCause(ctx)
	defer die(nil)
	go func() {
		select {
		case <-k.proc.exited:
			die(k.died())
		case <-ctx.Done():
		}
	}()
	if k.sockets, err = dial(ctx, conn, k.codec.session); err != nil {
		return k.startError(ctx, err)
	}
	k.receive()
	go k.watch()
	if err := k.waitReady(ctx); err != nil {
		return k.startError(ctx, err)
	}
	return nil
}

// died says how the kernel ended.
func (k *Kernel) died() *DiedError {
	d := &DiedError{State: k.proc.state, Stderr: k.proc.stderr.String()}
	if k.silent.Load() {
		d.State = stateSilent
	}
	return d
}

// startError prefers the reason that the wait ended to what failed because of it.
func (k *Kernel) startError(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil {
		return err
	}
	var died *DiedError
	if s := k.proc.stderr.String(); s != "" && !errors.As(cause, &died) {
		return fmt.Errorf("%w; the last it wrote:\n%s", cause, indent(s))
	}
	return cause
}

func (k *Kernel) command(connectionFile string) *exec.Cmd {
	argv := k.opts.Spec.argv(connectionFile)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = k.opts.Dir
	cmd.Env = append(os.Environ(),
		"TMPDIR="+filepath.Join(k.dir, "tmp"),
		"IPYTHONDIR="+k.ipythonDir(),
		// Nothing is left beside the notebook, and no random seed orders sets.
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", "NO_COLOR=1",
		InputsVariable+"="+k.inputsFile(),
	)
	if k.ahead != nil {
		cmd.Env = append(cmd.Env, cellsVariable+"="+k.ahead.dir)
	}
	cmd.Env = append(cmd.Env, k.opts.Spec.environ(os.Getenv)...)
	cmd.Env = append(cmd.Env, k.opts.Env...)
	return cmd
}

func (k *Kernel) receive() {
	bad := func(err error) {
		select {
		case k.badErr <- err:
		default: // the first is told
		}
	}
	var readers sync.WaitGroup
	readers.Go(func() { receive(k.sockets.iopub, k.codec, k.iopub, bad, k.done) })
	readers.Go(func() { receive(k.sockets.shell, k.codec, k.shell, bad, k.done) })
	readers.Go(func() { receive(k.sockets.stdin, k.codec, k.stdin, bad, k.done) })
	go func() {
		readers.Wait()
		close(k.finished)
	}()
}

// waitReady asks for the kernel's info until the answer's idle status arrives on
// iopub too: only then is the subscription known to work.
func (k *Kernel) waitReady(ctx context.Context) error {
	asked := make(map[string]bool)
	answered := false
	for again := time.Duration(0); ; {
		select {
		case <-time.After(again):
			again = 100 * time.Millisecond
			msg, id, err := k.codec.encode("kernel_info_request", struct{}{})
			if err != nil {
				return err
			}
			asked[id] = true
			if err := k.sockets.shell.SendMulti(msg); err != nil {
				return fmt.Errorf("ask for the kernel's info: %w", err)
			}
		case m := <-k.shell:
			if m.Header.Type != "kernel_info_reply" {
				continue
			}
			if err := json.Unmarshal(m.Content, &k.info); err != nil {
				return fmt.Errorf("the kernel's info: %w", err)
			}
			answered = true
		case m := <-k.iopub:
			if answered && asked[m.Parent.ID] && isIdle(m) {
				return nil
			}
		case err := <-k.badErr:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Info is what the kernel said of itself when it started.
func (k *Kernel) Info() Info { return k.info }

// Interrupt asks the kernel to stop the cell that runs, by message or by signal
// as its spec says.
func (k *Kernel) Interrupt() error {
	if k.opts.Spec.InterruptMode == "message" {
		return k.sendControl("interrupt_request", struct{}{})
	}
	return k.proc.signal(syscall.SIGINT)
}

func (k *Kernel) sendControl(msgType string, content any) error {
	msg, _, err := k.codec.encode(msgType, content)
	if err != nil {
		return err
	}
	if err := k.sockets.control.SendMulti(msg); err != nil {
		return fmt.Errorf("send %s: %w", strings.ReplaceAll(msgType, "_", " "), err)
	}
	return nil
}

// Close shuts the kernel down, ends every process of its group and removes its
// folder. The kernel is gone when Close returns, whatever it does about it.
func (k *Kernel) Close() error {
	if k.closed {
		return nil
	}
	k.closed = true
	if k.proc != nil {
		if k.sockets != nil && k.opts.StopTimeout > 0 {
			// A kernel that cannot be asked is ended all the same.
			_ = k.sendControl("shutdown_request", map[string]bool{"restart": false})
			select {
			case <-k.proc.exited:
			case <-time.After(k.opts.StopTimeout):
			}
		}
		k.proc.end()
	}
	close(k.done)
	if k.sockets != nil {
		// The library's own goroutines block for ever on a socket that is closed
		// with messages in it: the readers take them until the kernel's end is
		// seen.
		select {
		case <-k.finished:
		case <-time.After(readersWait):
		}
		k.sockets.close()
	}
	if err := k.private.Remove(); err != nil {
		return fmt.Errorf("remove the kernel's temporary folder: %w", err)
	}
	return nil
}

// readersWait is how long the readers may take to see that a kernel has ended:
// the operating system closes its sockets with it.
const readersWait = time.Second
