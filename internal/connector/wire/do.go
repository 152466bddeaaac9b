package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"

	"github.com/vezne/vezne/internal/connector"
)

// MaxBody is the largest answer that is read, 1 MiB: hundreds of times what any
// bank sends, and small enough that a wrong address cannot fill the memory.
const MaxBody = 1 << 20

// Request is one request to a bank.
type Request struct {
	Method string
	URL    string
	// Header is sent as it is. An Idempotency-Key or X-Idempotency-Key is
	// refused: net/http takes it as leave to send a request twice.
	Header http.Header
	Body   []byte
}

// Response is an answer that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends the request once and reads the whole answer, whatever its status.
//
// An error for which errors.Is(err, ErrUnsent) holds means that no byte of the
// request left this machine. After any other error the bank may have carried the
// request out. Error texts hold no query, body, header or part of the answer.
// The client must come from NewClient; with another one no failure after
// connecting is ever ErrUnsent.
func Do(ctx context.Context, client *http.Client, r Request) (Response, error) {
	var w watch
	defer w.release()
	req, err := newRequest(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: w.gotConn}), r)
	if err != nil {
		return Response{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return Response{}, w.explain(req.URL, err)
	}
	defer func() { _ = resp.Body.Close() }() // the answer was read or is given up
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return Response{}, describe(req.URL, err)
	}
	if len(body) > MaxBody {
		return Response{}, describe(req.URL, ErrTooLarge)
	}
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// OutcomeOf says what an error of Do means for the request: Unsent if nothing of
// it was sent, Unknown otherwise.
func OutcomeOf(err error) connector.Outcome {
	if errors.Is(err, ErrUnsent) {
		return connector.Unsent
	}
	return connector.Unknown
}

func newRequest(ctx context.Context, r Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: malformed method or address", ErrUnsent)
	}
	for name, values := range r.Header {
		name = http.CanonicalHeaderKey(name)
		if name == "Idempotency-Key" || name == "X-Idempotency-Key" {
			return nil, fmt.Errorf("%w: %s header", ErrUnsent, name)
		}
		req.Header[name] = values
	}
	if len(r.Body) > 0 {
		// Set by hand, because http.NewRequest would add GetBody for a known
		// reader, and with it leave to send the body again.
		req.Body = io.NopCloser(bytes.NewReader(r.Body))
		req.ContentLength = int64(len(r.Body))
		req.GetBody = nil
	}
	return req, nil
}

// watch notes the connections that a request was given.
type watch struct {
	mu    sync.Mutex
	conns []usedConn
	blind bool // a connection that does not count was used
}

type usedConn struct {
	conn  *watchedConn
	since int64
}

func (w *watch) gotConn(i httptrace.GotConnInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := watched(i.Conn)
	if !ok {
		w.blind = true
		return
	}
	w.conns = append(w.conns, usedConn{conn: c, since: c.acquire()})
}

func (w *watch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.conn.release()
	}
}

// explain describes a failure, as ErrUnsent if every connection that the request
// was given is now sealed with nothing written.
func (w *watch) explain(u *url.URL, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	unsent := !w.blind
	for _, c := range w.conns {
		unsent = c.conn.seal(c.since) && unsent
	}
	d := describe(u, err)
	if unsent {
		return fmt.Errorf("%w: %w", ErrUnsent, d)
	}
	return d
}
