package wire

import "net"

// Watch returns a connection as NewClient's dialer would.
func Watch(c net.Conn) Watched { return Watched{&watchedConn{Conn: c}} }

// Watched opens a connection's counters to tests.
type Watched struct{ *watchedConn }

// Acquire is acquire.
func (w Watched) Acquire() int64 { return w.acquire() }

// Release is release.
func (w Watched) Release() { w.release() }

// Seal is seal.
func (w Watched) Seal(since int64) bool { return w.seal(since) }
