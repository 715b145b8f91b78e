package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// dialTLS connects for syslog over TLS (RFC 5425) and has the server's
// certificate verified, by the system's roots where config names none.
//
// In TLS 1.3 the client's part ends before the server has looked at its
// certificate, so that what is sent to a server that will refuse it is lost.
// Where the server asks for a certificate, refusal is waited for.
func dialTLS(ctx context.Context, addr string, config *tls.Config) (net.Conn, error) {
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
	dialled, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	conn := tlsConn{dialled.(*tls.Conn)}
	if !asked {
		return conn, nil
	}
	if err := conn.refusal(); err != nil {
		err = fmt.Errorf("the server, which asked for a certificate of the client, ended the connection: %w", err)
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// tlsConn is a connection to a server that says nothing but its part of TLS.
type tlsConn struct{ *tls.Conn }

// serverWait is how long a server may take to refuse a certificate that it asked
// for, and to end a connection that we have ended.
const serverWait = time.Second

// refusal waits for the server to end a new connection.
func (c tlsConn) refusal() error {
	if err := c.SetReadDeadline(time.Now().Add(serverWait)); err != nil {
		return err
	}
	if _, err := c.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return c.SetReadDeadline(time.Time{})
}

// Close says that nothing more is sent and waits for the server to end too.
// A socket closed while something of the server's is unread, such as session
// tickets, resets the connection, and what the server has not read yet is lost.
func (c tlsConn) Close() error {
	if c.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(serverWait)) == nil {
		_, _ = io.Copy(io.Discard, c.Conn) // to its end, or as long as waited
	}
	return c.Conn.Close()
}
