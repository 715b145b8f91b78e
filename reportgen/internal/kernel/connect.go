package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/google/uuid"
)

// connection is the content of a kernel's connection file.
type connection struct {
	Transport       string `json:"transport"`
	IP              string `json:"ip"`
	ShellPort       int    `json:"shell_port"`
	IOPubPort       int    `json:"iopub_port"`
	StdinPort       int    `json:"stdin_port"`
	ControlPort     int    `json:"control_port"`
	HBPort          int    `json:"hb_port"`
	SignatureScheme string `json:"signature_scheme"`
	Key             string `json:"key"`
	KernelName      string `json:"kernel_name"`
}

// newConnection writes a connection file to dir. Its sockets are files in dir, which
// only the user can connect to and which, unlike ports, cannot be taken meanwhile.
func newConnection(dir, kernelName string) (connection, string, error) {
	c := connection{
		Transport: "ipc", IP: filepath.Join(dir, "s"),
		ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5,
		SignatureScheme: "hmac-sha256", Key: uuid.NewString(), KernelName: kernelName,
	}
	src, err := json.Marshal(c)
	if err != nil {
		return c, "", err
	}
	name := filepath.Join(dir, "kernel-"+uuid.NewString()+".json")
	return c, name, os.WriteFile(name, src, 0o600)
}

func (c connection) address(port int) string {
	return fmt.Sprintf("%s://%s-%d", c.Transport, c.IP, port)
}

// sockets are the client's ends of a kernel's channels.
type sockets struct {
	shell, control, stdin, iopub, heartbeat zmq4.Socket
	cancel                                  context.CancelFunc
}

// dial connects to the channels of c, and waits until ctx ends for the kernel to open
// them. The sockets live until close, or until the kernel ends.
func dial(ctx context.Context, c connection, session string) (*sockets, error) {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel) // of the wait; the sockets live on
	defer stop()
	opts := []zmq4.Option{
		zmq4.WithID(zmq4.SocketIdentity(session)), // shell and stdin must share one
		zmq4.WithDialerRetry(2 * time.Millisecond),
		zmq4.WithDialerMaxRetries(-1),
		zmq4.WithLogger(log.New(io.Discard, "", 0)),
	}
	s := &sockets{
		shell: zmq4.NewDealer(life, opts...), control: zmq4.NewDealer(life, opts...),
		stdin: zmq4.NewDealer(life, opts...), iopub: zmq4.NewSub(life, opts...),
		heartbeat: zmq4.NewDealer(life, opts...),
		cancel:    cancel,
	}
	if err := s.iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		return nil, fmt.Errorf("subscribe to the kernel's outputs: %w", err)
	}
	channels := []struct {
		socket zmq4.Socket
		port   int
	}{{s.iopub, c.IOPubPort}, {s.shell, c.ShellPort}, {s.control, c.ControlPort}, {s.stdin, c.StdinPort}, {s.heartbeat, c.HBPort}}
	for _, ch := range channels {
		if err := ch.socket.Dial(c.address(ch.port)); err != nil {
			s.close()
			return nil, errors.Join(context.Cause(ctx), fmt.Errorf("connect to the kernel: %w", err))
		}
	}
	return s, nil
}

func (s *sockets) close() {
	s.cancel()
	for _, socket := range []zmq4.Socket{s.shell, s.control, s.stdin, s.iopub, s.heartbeat} {
		_ = socket.Close() // the kernel has ended: no message can be lost
	}
}

// receive decodes the messages that arrive on socket, sends them to out, and drops
// them once done is closed. It returns when either end closes the socket. Invalid
// messages are reported to bad.
func receive(socket zmq4.Socket, c codec, out chan<- *message, bad func(error), done <-chan struct{}) {
	for {
		raw, err := socket.Recv()
		if err != nil {
			return
		}
		m, err := c.decode(raw.Frames)
		if err != nil {
			bad(err)
			continue
		}
		select {
		case out <- m:
		case <-done:
		}
	}
}
