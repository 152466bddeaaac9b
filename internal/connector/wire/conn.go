package wire

import (
	"crypto/tls"
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

func (c *watchedConn) total() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.written
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
