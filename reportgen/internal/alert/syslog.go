package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"

	"github.com/flowbook/flowbook/pkg/detect"
)

// facility is that of RFC 5424 for security messages.
const facility = 4

// structuredID names our structured data; 32473 is the enterprise number that
// RFC 5612 keeps for those who have none.
const structuredID = "flowbook@32473"

// syslog writes the alert as a message of RFC 5424. The host is left out, for
// what is told of is the entity. The text is the finding's sentence, or the
// alert in a format where one is asked for.
func (a Alert) syslog(format string) (string, error) {
	f := a.Finding
	text := printable(f.Summary)
	if format != "" {
		line, err := a.Encode(format)
		if err != nil {
			return "", err
		}
		text = string(line)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		text = "\ufeff" + text // as the RFC asks of UTF-8
	}
	params := [][2]string{{"uid", a.UID}, {"rule", f.Rule}, {"entity", f.Entity.String()}, {"severity", string(f.Severity)},
		{"score", strconv.FormatFloat(f.Score, 'f', 3, 64)}, {"attack", strings.Join(f.Attack, " ")}}
	var data strings.Builder
	for _, p := range params {
		fmt.Fprintf(&data, ` %s="%s"`, p[0], strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(printable(p[1])))
	}
	return fmt.Sprintf("<%d>1 %s - flowbook - %s [%s%s] %s", facility*8+syslogSeverity(f.Severity),
		a.Last.Format("2006-01-02T15:04:05.00Z07:00"), messageID(f.Rule), structuredID, data.String(), text), nil
}

// syslogSeverity is 2, critical, to 6, informational.
func syslogSeverity(s detect.Severity) int {
	id, _ := ocsfSeverity(s)
	return 7 - max(id, 1)
}

// messageID is a rule's key as a MSGID: 32 visible ASCII characters at most.
func messageID(key string) string {
	id := strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '_'
		}
		return r
	}, key)
	if id == "" {
		return "-"
	}
	return id[:min(len(id), 32)]
}

// printable puts a space for each control character.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// maxDatagram is the most bytes of a UDP message over IPv4.
const maxDatagram = 65507

// syslogSender keeps one connection while it works.
type syslogSender struct {
	network, addr string
	tls           *tls.Config // nil means the usual
	conn          net.Conn
}

func (s *syslogSender) send(ctx context.Context, m message) error {
	payload := m.Payload
	switch {
	case s.network == "udp" && len(payload) > maxDatagram:
		return refused{fmt.Errorf("message of %d bytes is more than UDP takes; use syslog+tcp", len(payload))}
	case s.network == "tcp" || s.network == "tls":
		payload = strconv.Itoa(len(payload)) + " " + payload
	}
	if s.conn == nil {
		conn, err := s.dial(ctx)
		if err != nil {
			return err
		}
		s.conn = conn
	}
	deadline, _ := ctx.Deadline()
	err := s.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = s.conn.Write([]byte(payload))
	}
	if err != nil {
		err = errors.Join(err, s.conn.Close())
		s.conn = nil
	}
	return err
}

// dial connects. A local socket takes datagrams mostly, and else a stream.
func (s *syslogSender) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	switch s.network {
	case "tls":
		return dialTLS(ctx, s.addr, s.tls)
	case "unix":
		if conn, err := d.DialContext(ctx, "unixgram", s.addr); err == nil {
			return conn, nil
		}
	}
	return d.DialContext(ctx, s.network, s.addr)
}

func (s *syslogSender) Close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}
