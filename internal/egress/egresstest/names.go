// Package egresstest plays what may stand between the server and the addresses
// that merchants chose, for tests.
package egresstest

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
)

// Names is a DNS server that gives each next question for an address the next of
// its answers, and the last one for ever: what an attacker's does to pass a check
// with one address and be connected to at another. It is safe for concurrent use.
type Names struct {
	answers []netip.Addr
	asked   atomic.Int32
}

// NewNames returns Names that answer with the IPv4 addresses given, at least one.
func NewNames(all ...string) *Names {
	n := &Names{}
	for _, a := range all {
		n.answers = append(n.answers, netip.MustParseAddr(a))
	}
	return n
}

// Asked is how many questions were answered with an address.
func (n *Names) Asked() int { return int(n.asked.Load()) }

// Resolver starts the server, until the test ends, and returns a resolver that
// asks it.
func (n *Names) Resolver(t testing.TB) *net.Resolver {
	t.Helper()
	socket, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			size, peer, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			if _, err := socket.WriteTo(n.answer(buffer[:size]), peer); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = socket.Close() // ends the loop
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// answer writes the answer to a question (RFC 1035, section 4): none for types
// other than A.
func (n *Names) answer(question []byte) []byte {
	const header, typeA = 12, 1
	end := header + bytes.IndexByte(question[header:], 0) + 5 // name, type, class
	out := append([]byte(nil), question[:end]...)
	out[2], out[3] = 0x84, 0x00 // an authoritative answer without error
	binary.BigEndian.PutUint16(out[6:], 0)
	binary.BigEndian.PutUint32(out[8:], 0)
	if binary.BigEndian.Uint16(question[end-4:]) != typeA {
		return out
	}
	turn := min(int(n.asked.Add(1))-1, len(n.answers)-1)
	binary.BigEndian.PutUint16(out[6:], 1)
	out = append(out, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(out, n.answers[turn].AsSlice()...)
}
