package alert

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// TLSConfig returns the TLS configuration with the root certificates of one PEM file
// and the client certificate and key of another (the flags --alert-ca and
// --alert-cert). Each may be empty; if both are, the configuration is nil.
func TLSConfig(ca, cert string) (*tls.Config, error) {
	if ca == "" && cert == "" {
		return nil, nil
	}
	config := &tls.Config{}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("--alert-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--alert-ca: %s: no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----", ca)
		}
	}
	if cert != "" {
		own, err := tls.LoadX509KeyPair(cert, cert)
		if err != nil {
			return nil, fmt.Errorf("--alert-cert: %s: %w; use one PEM file with the certificate and its key", cert, err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	return config, nil
}
