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
	// Hide lists pairs of strings, old and new as in [strings.NewReplacer], to replace
	// in every output: absolute paths, which differ between machines.
	Hide []string
	// Cells are the sources of the cells that will be executed, in their order, if
	// they are known: a driver may use them to prepare the cells at once. Other cells
	// may be executed all the same.
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
	paths    *hidden
	closed   bool

	session    Session
	widgets    widgets
	env        []string    // added to this program's environment
	silent     atomic.Bool // it was ended because its heartbeat had stopped
	inputsRead int64       // bytes of the inputs' file that were reported
}

// Info is what a kernel says of itself.
type Info struct {
	Implementation        string         `json:"implementation"`
	ImplementationVersion string         `json:"implementation_version"`
	Banner                string         `json:"banner"`
	LanguageInfo          map[string]any `json:"language_info"` // name, version, file_extension, …
}

// String lists the versions of the kernel and of its language.
func (i Info) String() string {
	language, _ := i.LanguageInfo["name"].(string)
	version, _ := i.LanguageInfo["version"].(string)
	return strings.TrimSpace(i.Implementation+" "+i.ImplementationVersion) + ", " +
		strings.TrimSpace(language+" "+strings.TrimPrefix(version, language)) // some repeat it
}

// ErrNoAnswer reports a kernel that was started and did not answer in time.
var ErrNoAnswer = errors.New("the kernel did not answer")

// Start starts a kernel and waits until it answers. The error is a [*DiedError] if
// the kernel ends instead, and [ErrNoAnswer] if it does not answer. ctx bounds the
// start only.
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
		paths: newHidden(private.Path, slices.Concat(opts.Spec.Hide, opts.Hide)),
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
	if k.session, err = k.opts.Spec.driver().Open(k.dir, k.opts.Spec, k.opts.Cells); err != nil {
		return err
	}
	cmd := k.command(file)
	if k.proc, err = startProcess(cmd); err != nil {
		return fmt.Errorf("%w; is the kernel still installed?", err)
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

// startError is the reason that the wait ended, rather than what failed because of it.
func (k *Kernel) startError(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil {
		return err
	}
	var died *DiedError
	if s := k.proc.stderr.String(); s != "" && !errors.As(cause, &died) {
		return fmt.Errorf("%w; its last output:\n%s", cause, indent(s))
	}
	return cause
}

func (k *Kernel) command(connectionFile string) *exec.Cmd {
	argv := k.opts.Spec.argv(connectionFile)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = k.opts.Dir
	k.env = slices.Concat(
		[]string{"TMPDIR=" + filepath.Join(k.dir, "tmp"), "NO_COLOR=1", inputsVariable + "=" + k.inputsFile()},
		k.session.Env(), k.opts.Spec.environ(os.Getenv), k.opts.Env,
	)
	cmd.Env = append(os.Environ(), k.env...)
	return cmd
}

func (k *Kernel) receive() {
	bad := func(err error) {
		select {
		case k.badErr <- err:
		default: // the first is reported
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

// waitReady asks for the kernel's info until the idle status of an answer arrives on
// iopub: only then is the subscription known to work.
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

// Info is what the kernel reported of itself when it started.
func (k *Kernel) Info() Info { return k.info }

// interrupt asks the kernel to stop the cell that runs, by message or by signal as
// its spec says.
func (k *Kernel) interrupt() error {
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

// Close shuts the kernel down, kills what remains of its process group and removes
// its folder.
func (k *Kernel) Close() error {
	if k.closed {
		return nil
	}
	k.closed = true
	if k.proc != nil {
		if k.sockets != nil && k.opts.StopTimeout > 0 {
			// A kernel that cannot be asked is killed.
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
		// The library's goroutines block for ever on a socket that is closed with
		// messages in it, so the readers go on until they see the kernel's end.
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

// readersWait is how long the readers may take to see that a kernel has ended.
const readersWait = time.Second
