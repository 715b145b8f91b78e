package alert

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
)

// serverTLS is what a server for 127.0.0.1 needs, and what a client needs to
// trust it.
func serverTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, ClientCAs: roots}, &tls.Config{RootCAs: roots}
}

// listenTLS takes one connection after the other, and sends on the messages
// of each when it ends.
func listenTLS(t *testing.T, config *tls.Config) (addr string, took <-chan []string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	connections, done := make(chan []string, 10), make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if conn.(*tls.Conn).HandshakeContext(t.Context()) == nil {
				connections <- counted(t, conn)
			}
			_ = conn.Close() // the client may have ended it
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String(), connections
}

// Nothing is sent to a server with an untrusted certificate, and there is no retry.
func TestSyslogTLSUnverified(t *testing.T) {
	server, trust := serverTLS(t)
	addr, took := listenTLS(t, server)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		to   string
		tls  *tls.Config
		want string
	}{
		"unknown authority": {"syslog+tls://" + addr, nil, "certificate signed by unknown authority"},
		"another name":      {"syslog+tls://localhost:" + port, trust, "not localhost"},
	} {
		opt := quick(t, 5)
		opt.TLS, opt.Backoff = test.tls, defaultBackoff*1000
		if d := deliver(t, test.to, someAlerts(t, 2), opt); d.Kept != 2 || !strings.Contains(d.Cause.Error(), test.want) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if len(took) > 0 {
		t.Errorf("the server took %q", <-took)
	}
}

// A server that wants to know the client gets alerts with its certificate, and
// without it none is taken for sent, in TLS 1.3 too.
func TestSyslogTLSClient(t *testing.T) {
	server, trust := serverTLS(t)
	server.ClientAuth = tls.RequireAnyClientCert
	addr, took := listenTLS(t, server)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			opt := quick(t, 0)
			opt.TLS = trust.Clone()
			opt.TLS.MaxVersion = version
			alerts := someAlerts(t, 2)
			d := deliver(t, "syslog+tls://"+addr, alerts, opt)
			if d.Sent != 0 || d.Kept != 2 || !strings.Contains(d.Cause.Error(), "certificate required") && version == tls.VersionTLS13 {
				t.Errorf("without a certificate: %+v", d)
			}
			opt.TLS.Certificates = server.Certificates
			if d := deliver(t, "syslog+tls://"+addr, nil, opt); d.Sent != 2 || d.Kept != 0 {
				t.Errorf("with a certificate: %+v", d)
			}
			if got := <-took; len(got) != 2 || !strings.Contains(got[1], alerts[1].UID) {
				t.Errorf("the server took %q", got)
			}
		})
	}
}

// A webhook of a private authority is trusted by the same option.
func TestWebhookTLS(t *testing.T) {
	h := &hook{answer: always(200)}
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	opt := quick(t, 3)
	if d := deliver(t, s.URL, someAlerts(t, 1), opt); d.Kept != 1 || !strings.Contains(d.Cause.Error(), "unknown authority") {
		t.Errorf("untrusted certificate: %+v", d)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	opt.TLS = &tls.Config{RootCAs: roots}
	if d := deliver(t, s.URL, nil, opt); d.Sent != 1 || h.tries != 1 {
		t.Errorf("%+v after %d tries", d, h.tries)
	}
}
