package alert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Destination is where alerts are sent.
type Destination struct {
	text string // as written
	kind string // stdout, file, udp, tcp, tls, unix, http or https
	addr string // a path, host:port or URL
}

// ParseDestination parses one of
//
//	stdout
//	file:PATH                  JSON lines, appended
//	syslog+udp://HOST[:514]    RFC 5424 over UDP (RFC 5426)
//	syslog+tcp://HOST[:601]    RFC 5424 over TCP, octets counted (RFC 6587)
//	syslog+tls://HOST[:6514]   RFC 5424 over TLS (RFC 5425)
//	syslog+unix:///PATH        RFC 5424 to a local socket
//	http://… or https://…      a webhook, one POST of JSON an alert
func ParseDestination(s string) (Destination, error) {
	const forms = "use stdout, file:PATH, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT, syslog+tls://HOST:PORT, syslog+unix:///PATH or https://…"
	if s == "stdout" || s == "-" {
		return Destination{s, "stdout", ""}, nil
	}
	if path, ok := strings.CutPrefix(s, "file:"); ok && path != "" {
		return Destination{s, "file", strings.TrimPrefix(path, "//")}, nil
	}
	u, err := url.Parse(s)
	if err != nil {
		return Destination{}, errors.New("invalid destination; " + forms) // err would quote secrets
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
		d.addr = net.JoinHostPort(u.Hostname(), port)
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
	default:
		kind, _, _ := strings.Cut(s, "//") // what follows may be secret
		return Destination{}, fmt.Errorf("unknown destination %q; %s", kind, forms)
	}
	return d, nil
}

// String names the destination without what may be secret: the user, path and
// query of a webhook.
func (d Destination) String() string {
	u, err := url.Parse(d.text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return d.text
	}
	return u.Scheme + "://" + u.Host
}

// stdout reports whether the destination is standard output, to which [Write]
// writes.
func (d Destination) stdout() bool { return d.kind == "stdout" }

// key identifies the destination, whatever folder the program runs in.
func (d Destination) key() (string, error) {
	if d.kind == "file" {
		return filepath.Abs(d.addr)
	}
	return d.text, nil
}

// syslog reports whether the destination takes syslog messages.
func (d Destination) syslog() bool {
	return d.kind == "udp" || d.kind == "tcp" || d.kind == "tls" || d.kind == "unix"
}

// message is an alert as a destination takes it.
type message struct {
	UID     string
	Format  string
	Payload string
	Doubt   bool // it was sent, but the receiver did not confirm it
}

// message writes an alert for the destination.
func (d Destination) message(a Alert, format string) (message, error) {
	if d.syslog() {
		text, err := a.syslog(format)
		return message{UID: a.UID, Format: format, Payload: text}, err
	}
	line, err := a.encode(format)
	return message{UID: a.UID, Format: format, Payload: string(line)}, err
}

// sender sends messages to one destination.
type sender interface {
	// size returns how many of the messages the next call of send should take.
	size(messages []message) int
	// send sends messages in order and returns how many of them, from the first
	// on, the destination has taken. If the error is refused, sending the next one
	// again would fail too; if it is doubtful, the next calls take fewer messages.
	send(ctx context.Context, messages []message) (int, error)
	io.Closer
}

func (d Destination) sender(opt Options) sender {
	switch d.kind {
	case "file":
		return &fileSender{path: d.addr}
	case "udp":
		return &datagramSender{network: "udp", addr: d.addr}
	case "unix":
		return &unixSender{addr: d.addr}
	case "tcp", "tls":
		return newStreamSender(d.kind, d.addr, opt.TLS)
	}
	return newWebhook(d.addr, opt.Token, opt.TLS)
}

// refused is an error that a retry does not resolve.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// doubtful is the error of several messages if an unknown number arrived.
type doubtful struct{ error }

func (d doubtful) Unwrap() error { return d.error }

// retryAfter is an error that says how long to wait.
type retryAfter struct {
	error
	wait time.Duration
}

func (r retryAfter) Unwrap() error { return r.error }
