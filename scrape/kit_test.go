package scrape_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"

	"github.com/brondata/brondata/sources"
)

// trust lets a session call a test's own server.
func trust(srv *httptest.Server) sources.HTTPOptions {
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	return sources.HTTPOptions{TLS: &tls.Config{RootCAs: pool}, InsecureLoopback: true}
}
