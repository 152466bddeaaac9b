package wire

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
)

// watchedConn counts what was written to a connection and can be sealed, after
// which nothing more is. Counting alone would not be proof: net/http writes in
// another goroutine, which may come to it after the caller was told of an error.
type watchedConn struct {
	net.Conn
	mu      sync.Mutex
	written int64
	writing int
	sealed  bool
	used    bool
	users   int // requests that have the connection; two for a moment while it changes hands
}

// acquire notes that a request has the connection, and returns the count of
// what was written before it.
func (c *watchedConn) acquire() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used = true
	c.users++
	return c.written
}

func (c *watchedConn) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
}

// Read reads, except that what a bank says when nobody asked ends the
// connection: net/http would print it to the log, card data and all.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 && c.used && c.users == 0 {
		clear(p[:n])
		return 0, io.EOF
	}
	return n, err
}

// Write writes unless the connection is sealed.
func (c *watchedConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	if c.sealed {
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	c.writing++
	c.mu.Unlock()

	n, err := c.Conn.Write(p)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing--
	c.written += int64(n)
	return n, err
}

// seal ends all writing and reports whether nothing was written since the
// count was since. A write under way counts as written.
func (c *watchedConn) seal(since int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sealed = true
	return c.writing == 0 && c.written == since
}

// watched finds the connection that NewClient's dialer made, under TLS or not.
func watched(c net.Conn) (*watchedConn, bool) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	w, ok := c.(*watchedConn)
	return w, ok
}
