package alert

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// maxDatagram is the maximum number of bytes of a UDP message over IPv4.
const maxDatagram = 65507

// datagramSender sends each message as a datagram. Nothing confirms datagrams: a
// message counts as delivered if this machine has sent it.
type datagramSender struct {
	network, addr string
	conn          net.Conn
}

func (s *datagramSender) size([]message) int { return 1 }

func (s *datagramSender) send(ctx context.Context, messages []message) (_ int, err error) {
	payload := messages[0].Payload
	if s.network == "udp" && len(payload) > maxDatagram {
		return 0, refused{fmt.Errorf("a message of %d bytes does not fit into a UDP datagram; use syslog+tcp", len(payload))}
	}
	if s.conn == nil {
		var d net.Dialer
		if s.conn, err = d.DialContext(ctx, s.network, s.addr); err != nil {
			return 0, err
		}
	}
	deadline, _ := ctx.Deadline()
	if err = s.conn.SetWriteDeadline(deadline); err == nil {
		_, err = s.conn.Write([]byte(payload))
	}
	if err != nil {
		return 0, errors.Join(err, s.Close())
	}
	return 1, nil
}

func (s *datagramSender) Close() error {
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close()
	s.conn = nil
	return err
}

// unixSender sends to a local socket, which usually takes datagrams and
// otherwise a stream.
type unixSender struct {
	addr string
	sender
}

func (s *unixSender) size(messages []message) int {
	if s.sender == nil {
		return 1
	}
	return s.sender.size(messages)
}

func (s *unixSender) send(ctx context.Context, messages []message) (int, error) {
	if s.sender == nil {
		datagrams := &datagramSender{network: "unixgram", addr: s.addr}
		var d net.Dialer
		var err error
		if datagrams.conn, err = d.DialContext(ctx, "unixgram", s.addr); err == nil {
			s.sender = datagrams
		} else {
			s.sender = newStreamSender("unix", s.addr, nil)
		}
	}
	n, err := s.sender.send(ctx, messages)
	if n == 0 && err != nil {
		// The socket may be of the other kind when it is there again.
		err = errors.Join(err, s.Close())
		s.sender = nil
	}
	return n, err
}

func (s *unixSender) Close() error {
	if s.sender == nil {
		return nil
	}
	return s.sender.Close()
}
