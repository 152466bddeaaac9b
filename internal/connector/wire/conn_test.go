package wire_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/connector/wire"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	t.Run("nothing_is_written_after_it", func(t *testing.T) {
		t.Parallel()
		wrote := false
		c := wire.Watch(fakeConn{write: func(p []byte) (int, error) { wrote = true; return len(p), nil }})
		if !c.Seal(c.Acquire()) {
			t.Error("nothing was written, and the seal says otherwise")
		}
		if _, err := c.Write([]byte("pay")); !errors.Is(err, net.ErrClosed) || wrote {
			t.Errorf("error %v, wrote %t", err, wrote)
		}
	})
	t.Run("what_was_written_before_the_request_does_not_count", func(t *testing.T) {
		t.Parallel()
		c := wire.Watch(fakeConn{write: func(p []byte) (int, error) { return len(p), nil }})
		_, _ = c.Write([]byte("an earlier request")) // the fake never fails
		if !c.Seal(c.Acquire()) {
			t.Error("the seal counts an earlier request")
		}
	})
	t.Run("write_under_way_counts_as_written", func(t *testing.T) {
		t.Parallel()
		begun, end, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
		c := wire.Watch(fakeConn{write: func([]byte) (int, error) { close(begun); <-end; return 0, net.ErrClosed }})
		go func() { defer close(over); _, _ = c.Write([]byte("pay")) }() // its failure is the fake's
		<-begun
		if c.Seal(0) {
			t.Error("a write that may yet succeed was called nothing")
		}
		close(end)
		<-over
	})
}

// What a bank says unasked on a kept connection ends it without a word: net/http
// would print it to the log of the process.
func TestUnaskedAnswerIsDropped(t *testing.T) {
	t.Parallel()
	const unasked = "5421190122090656"
	near, far := net.Pipe()
	t.Cleanup(func() { _ = far.Close() }) // nothing is left to say
	c := wire.Watch(near)
	c.Acquire()
	c.Release()
	go func() { _, _ = io.WriteString(far, unasked) }() // ends with the pipe
	buffer := make([]byte, 64)
	if n, err := c.Read(buffer); n != 0 || !errors.Is(err, io.EOF) || strings.Contains(string(buffer), unasked) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	c.Acquire()
	go func() { _, _ = io.WriteString(far, "answer") }() // ends with the pipe
	if n, err := c.Read(buffer); n != len("answer") || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
