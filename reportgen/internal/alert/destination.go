package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Destination is where alerts go.
type Destination struct {
	text string // as written
	kind string // stdout, file, udp, tcp, tls, unix, http or https
	addr string // a path, host:port or URL
}

// ParseDestination reads one of
//
//	stdout
//	file:PATH                  JSON lines, appended
//	syslog+udp://HOST[:514]    RFC 5424 over UDP (RFC 5426)
//	syslog+tcp://HOST[:601]    RFC 5424 over TCP, octets counted (RFC 6587)
//	syslog+tls://HOST[:6514]   RFC 5424 over TLS (RFC 5425)
//	syslog+unix:///PATH        RFC 5424 to a local socket
//	http://… or https://…      a webhook, one POST of JSON an alert
func ParseDestination(s string) (Destination, error) {
	const forms = "write stdout, file:PATH, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT, syslog+tls://HOST:PORT, syslog+unix:///PATH or https://…"
	if s == "stdout" || s == "-" {
		return Destination{s, "stdout", ""}, nil
	}
	if path, ok := strings.CutPrefix(s, "file:"); ok && path != "" {
		return Destination{s, "file", strings.TrimPrefix(path, "//")}, nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return Destination{}, errors.New("destination cannot be read; " + forms)
	}
	d := Destination{text: s, kind: strings.TrimPrefix(u.Scheme, "syslog+"), addr: s}
	port := map[string]string{"syslog+udp": "514", "syslog+tcp": "601", "syslog+tls": "6514"}[u.Scheme]
	switch {
	case u.Scheme == "syslog+unix" && u.Host == "" && u.Path != "":
		d.addr = u.Path
	case port != "" && u.Hostname() != "":
		if u.Port() != "" {
			port = u.Port()
		}
		d.addr = joinHostPort(u.Hostname(), port)
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	default:
		return Destination{}, fmt.Errorf("destination %q is not known; %s", d, forms)
	}
	return d, nil
}

func joinHostPort(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// String names the destination without what may be secret: a webhook's user,
// path and query.
func (d Destination) String() string {
	u, err := url.Parse(d.text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return d.text
	}
	return u.Scheme + "://" + u.Host
}

// key tells destinations apart, wherever the program runs.
func (d Destination) key() (string, error) {
	if d.kind == "file" {
		return filepath.Abs(d.addr)
	}
	return d.text, nil
}

// syslog says whether the destination takes syslog messages.
func (d Destination) syslog() bool {
	return d.kind == "udp" || d.kind == "tcp" || d.kind == "tls" || d.kind == "unix"
}

// sender takes messages, one at a time.
type sender interface {
	// send sends one message. An error that is refused need not be tried again.
	send(ctx context.Context, m message) error
	io.Closer
}

// message is an alert as a destination takes it.
type message struct {
	UID     string `json:"uid"`
	Payload string `json:"payload"`
}

// refused is an error that trying again does not mend.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// message writes an alert for the destination.
func (d Destination) message(a Alert, format string) (message, error) {
	if d.syslog() {
		text, err := a.syslog(format)
		return message{a.UID, text}, err
	}
	line, err := a.Encode(format)
	return message{a.UID, string(line)}, err
}

func (d Destination) sender(opt Options) sender {
	switch d.kind {
	case "stdout":
		return lineSender{opt.Stdout}
	case "file":
		return fileSender(d.addr)
	case "udp", "tcp", "tls", "unix":
		return &syslogSender{network: d.kind, addr: d.addr, tls: opt.TLS}
	}
	return newWebhook(d.addr, opt.Token, opt.TLS)
}

// lineSender writes each message as a line.
type lineSender struct{ w io.Writer }

func (s lineSender) send(_ context.Context, m message) error {
	_, err := io.WriteString(s.w, m.Payload+"\n")
	return err
}

func (s lineSender) Close() error { return nil }

// fileSender appends each message to a file as one write, so that lines of two
// programs do not mix.
type fileSender string

func (s fileSender) send(_ context.Context, m message) error {
	f, err := os.OpenFile(string(s), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(m.Payload + "\n")
	return errors.Join(err, f.Close())
}

func (s fileSender) Close() error { return nil }

// retryAfter is an error that says how long to wait.
type retryAfter struct {
	error
	wait time.Duration
}

func (r retryAfter) Unwrap() error { return r.error }
