package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
)

var (
	// ErrUnsent marks a request of which provably nothing was sent.
	ErrUnsent = errors.New("request not sent")
	// ErrTooLarge is an answer beyond MaxBody.
	ErrTooLarge = errors.New("answer too large")
	// ErrUnreadable is an answer that is no HTTP, or a failure of a kind whose
	// text might repeat what the bank or we sent.
	ErrUnreadable = errors.New("answer unreadable")
)

// describe returns an error that is safe to log: the bank's host and a cause
// from a closed list. net/http's own texts hold the whole address, and for a
// malformed answer a part of it.
func describe(u *url.URL, err error) error {
	return fmt.Errorf("call %s: %w", u.Host, cause(err))
}

func cause(err error) error {
	for _, known := range []error{
		context.DeadlineExceeded, context.Canceled, ErrTooLarge,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE,
		syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ETIMEDOUT,
		io.ErrUnexpectedEOF, io.EOF, net.ErrClosed,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns // a host name and a server address
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return cert // names of the certificate
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return errors.New("tls: " + record.Msg) // without the record itself
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("%s %s failed", op.Op, op.Net)
	}
	return ErrUnreadable
}
