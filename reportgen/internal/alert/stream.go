package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// streamSender sends syslog messages over TCP, TLS or a local stream socket.
//
// None of these protocols confirms messages, and a successful write only means
// that this machine has taken the bytes. So messages are sent in batches with a
// connection for each: at the end we say that nothing more follows, and wait for
// the receiver to end the connection too. It does so after it has read everything.
// If it resets or ends the connection before that, an unknown number of messages
// of the batch was read; then they are sent again, in smaller batches. If it takes
// all and keeps the connection open, it may have read them or not: the messages are
// in doubt.
type streamSender struct {
	network, addr string
	tls           *tls.Config // nil means the defaults
	limit         int         // bytes of a batch
	ceiling       int         // of limit: a batch of that size was not confirmed
	accepted      bool        // a server that asked for a certificate has accepted ours
	silent        bool        // the receiver took a batch without ending the connection
}

// The sizes of batches in bytes. Small batches keep the number of messages low
// that are sent twice; large ones need fewer connections.
const (
	firstBatch   = 64 << 10
	largestBatch = 256 << 10
)

func newStreamSender(network, addr string, config *tls.Config) *streamSender {
	return &streamSender{network: network, addr: addr, tls: config, limit: firstBatch, ceiling: 2 * largestBatch}
}

func (s *streamSender) size(messages []message) int { return batch(messages, s.limit) }

func (s *streamSender) send(ctx context.Context, messages []message) (int, error) {
	conn, err := s.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var text strings.Builder
	for _, m := range messages {
		text.WriteString(strconv.Itoa(len(m.Payload)) + " " + m.Payload)
	}
	_, err = io.WriteString(conn, text.String())
	if err == nil {
		err = s.confirm(conn, deadline)
	}
	if errors.Is(err, errSilent) {
		s.silent = true
		return 0, err
	}
	if err != nil {
		if len(messages) == 1 {
			return 0, err
		}
		s.ceiling = s.limit
		s.limit = min(s.limit, text.Len()) / 8
		return 0, doubtful{err}
	}
	if next := min(2*s.limit, largestBatch); next < s.ceiling {
		s.limit = next
	}
	return len(messages), nil
}

// errSilent is the error of a receiver that took all bytes and kept the
// connection open.
var errSilent = errors.New("the receiver took them without ending the connection, so it may not have read them")

// silence is how long a receiver may take to end a connection that we have
// ended, before what it took is in doubt.
const silence = 5 * time.Second

// confirm ends our side of the connection and waits for the receiver to end its
// side.
func (s *streamSender) confirm(conn net.Conn, deadline time.Time) error {
	wait := silence
	if s.silent {
		wait = 100 * time.Millisecond // it will not confirm this batch either
	}
	if left := time.Until(deadline); !deadline.IsZero() && left < 2*wait {
		wait = left / 2
	}
	raw := conn
	if t, ok := conn.(*tls.Conn); ok {
		if err := t.CloseWrite(); err != nil {
			return err
		}
		raw = t.NetConn()
	}
	if half, ok := raw.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	if err == nil && raw != conn {
		// A TLS server ends its side in two steps, and the second may be a reset.
		_, err = io.Copy(io.Discard, raw)
	}
	left, errLeft := unacknowledged(raw)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && errLeft == nil && left == 0:
		return errSilent
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the receiver took only a part: %w", err)
	case err != nil:
		return fmt.Errorf("the receiver ended the connection: %w", err)
	case errLeft != nil:
		return fmt.Errorf("the receiver ended the connection: %w", errLeft)
	case left > 0:
		return errors.New("the receiver ended the connection before it had read everything")
	}
	return nil
}

func (s *streamSender) dial(ctx context.Context) (net.Conn, error) {
	if s.network == "tls" {
		return s.dialTLS(ctx)
	}
	var d net.Dialer
	return d.DialContext(ctx, s.network, s.addr)
}

// dialTLS connects for syslog over TLS (RFC 5425) and has the server's
// certificate verified, by the system's roots if the configuration has none.
//
// In TLS 1.3 the client's part of the handshake ends before the server has
// checked the client's certificate. If the server asks for one, dialTLS waits for
// it to refuse it, which says why it does not take any messages.
func (s *streamSender) dialTLS(ctx context.Context) (net.Conn, error) {
	config := s.tls
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	asked, own := false, config.Certificates
	config.Certificates = nil
	config.GetClientCertificate = func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		for i := range own {
			if request.SupportsCertificate(&own[i]) == nil {
				return &own[i], nil
			}
		}
		return &tls.Certificate{}, nil
	}
	d := tls.Dialer{Config: config}
	conn, err := d.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, err
	}
	if !asked || s.accepted {
		return conn, nil
	}
	if err := refusal(conn); err != nil {
		err = fmt.Errorf("the server, which asked for a client certificate, ended the connection: %w", err)
		return nil, errors.Join(err, conn.Close())
	}
	s.accepted = true
	return conn, nil
}

// refusalWait is how long a server may take to refuse a certificate that it
// asked for.
const refusalWait = time.Second

// refusal waits for the server to end a new connection.
func refusal(conn net.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(refusalWait)); err != nil {
		return err
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return conn.SetReadDeadline(time.Time{})
}

func (s *streamSender) Close() error { return nil }
