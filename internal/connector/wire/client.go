// Package wire carries requests to banks over HTTP. It knows, for each request
// that failed, whether any byte of it may have left this machine: only a
// request of which provably nothing was written may go to another bank.
package wire

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Options changes what NewClient does by default. The zero value is good for
// production.
type Options struct {
	// Dial opens connections instead of a plain dialer, for instance one that
	// refuses private addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is cloned; its minimum version is raised to TLS 1.2.
	TLS *tls.Config
}

const (
	// dialTimeout bounds connecting, so that a bank that is down is found out
	// while another can still be tried.
	dialTimeout = 10 * time.Second
	// idleTimeout is below the keep-alive time-out of common servers (60 to 75
	// seconds), so that they rarely close a connection that is being picked up.
	idleTimeout = 30 * time.Second
	// idlePerHost keeps a connection for each of many concurrent callers; the
	// two of net/http would make nearly every request dial.
	idlePerHost = 256
)

// NewClient returns a client for requests to banks, safe for concurrent use. It
// follows no redirect, uses no proxy, speaks HTTP/1.1 on kept connections, and
// has no time-out of its own: the context of a request bounds it. Only with this
// client can Do tell that a request was not sent.
func NewClient(o Options) *http.Client {
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout}).DialContext
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				inner, err := dial(ctx, network, address)
				if err != nil {
					return nil, err // Do describes it
				}
				return &watchedConn{Conn: inner}, nil
			},
			TLSClientConfig:     atLeastTLS12(o.TLS),
			TLSHandshakeTimeout: dialTimeout,
			MaxIdleConns:        4 * idlePerHost,
			MaxIdleConnsPerHost: idlePerHost,
			IdleConnTimeout:     idleTimeout,
			Protocols:           http1(),
			DisableCompression:  true, // a compressed answer could exceed the body limit unseen

			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func atLeastTLS12(c *tls.Config) *tls.Config {
	if c == nil {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	return c
}

// http1 excludes HTTP/2, whose requests share a connection, so that the bytes
// written could not be told apart by request.
func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}
