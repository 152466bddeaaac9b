package wire_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
)

// fakeConn plays a connection whose writes and reads are decided by a test.
type fakeConn struct {
	net.Conn
	write func(p []byte) (int, error)
	read  func(p []byte) (int, error)
}

func (c fakeConn) Write(p []byte) (int, error) {
	if c.write == nil {
		return c.Conn.Write(p)
	}
	return c.write(p)
}

func (c fakeConn) Read(p []byte) (int, error) {
	if c.read == nil {
		return c.Conn.Read(p)
	}
	return c.read(p)
}

// over returns a client whose connections are pipes seen through wrap; what is
// written arrives nowhere unless somebody reads the other end.
func over(t *testing.T, wrap func(net.Conn) net.Conn) *http.Client {
	t.Helper()
	c := wire.NewClient(wire.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		t.Cleanup(func() { _ = far.Close() }) // unblocks whatever is left
		return wrap(near), nil
	}})
	t.Cleanup(c.CloseIdleConnections)
	return c
}

var sale = wire.Request{Method: http.MethodPost, URL: "http://bank.test/pay?card=5421190122090656", Body: []byte("secret-body")}

func TestDo(t *testing.T) {
	t.Parallel()
	t.Run("refused_connection_is_unsent", func(t *testing.T) {
		t.Parallel()
		c := wire.NewClient(wire.Options{Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}})
		wantUnsent(t, c, syscall.ECONNREFUSED)
	})
	t.Run("write_that_wrote_nothing_is_unsent", func(t *testing.T) {
		t.Parallel()
		c := over(t, func(n net.Conn) net.Conn {
			return fakeConn{Conn: n, write: func([]byte) (int, error) { return 0, syscall.EPIPE }}
		})
		wantUnsent(t, c, nil)
	})
	t.Run("write_of_one_byte_is_unknown", func(t *testing.T) {
		t.Parallel()
		c := over(t, func(n net.Conn) net.Conn {
			return fakeConn{Conn: n, write: func([]byte) (int, error) { return 1, syscall.EPIPE }}
		})
		wantUnknown(t, t.Context(), c)
	})
	t.Run("connection_lost_before_the_first_byte_is_unsent", func(t *testing.T) {
		t.Parallel()
		closed := make(chan struct{})
		c := over(t, func(n net.Conn) net.Conn {
			return fakeConn{
				Conn:  n,
				write: func([]byte) (int, error) { <-closed; return 0, syscall.ECONNRESET },
				read:  func([]byte) (int, error) { defer close(closed); return 0, io.EOF },
			}
		})
		wantUnsent(t, c, nil)
	})
	t.Run("deadline_during_the_write_is_unknown", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		c := over(t, func(n net.Conn) net.Conn {
			return fakeConn{Conn: n, write: func(p []byte) (int, error) {
				cancel()
				_, err := n.Write(p) // until the connection is closed
				return 1, err
			}}
		})
		wantUnknown(t, ctx, c)
	})
	t.Run("deadline_while_connecting_is_unsent", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		c := wire.NewClient(wire.Options{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		if _, err := wire.Do(ctx, c, sale); !errors.Is(err, wire.ErrUnsent) || !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("bank_without_the_tls_that_we_ask_for_is_unsent", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} //nolint:gosec // the server that must be refused
		s.Config.ErrorLog = quiet()
		s.StartTLS()
		t.Cleanup(s.Close)
		_, err := wire.Do(t.Context(), wire.NewClient(wire.Options{}), wire.Request{Method: "POST", URL: s.URL})
		if !errors.Is(err, wire.ErrUnsent) {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("client_of_another_make_is_never_unsent_after_connecting", func(t *testing.T) {
		t.Parallel()
		near, far := net.Pipe()
		_ = far.Close() // nobody listens
		tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
		wantUnknown(t, t.Context(), &http.Client{Transport: tr})
	})
	t.Run("idempotency_header_is_refused", func(t *testing.T) {
		t.Parallel()
		r := sale
		r.Header = http.Header{"idempotency-key": {"x"}}
		if _, err := wire.Do(t.Context(), wire.NewClient(wire.Options{}), r); !errors.Is(err, wire.ErrUnsent) {
			t.Errorf("error = %v", err)
		}
	})
}

func wantUnsent(t *testing.T, c *http.Client, cause error) {
	t.Helper()
	_, err := wire.Do(t.Context(), c, sale)
	if !errors.Is(err, wire.ErrUnsent) || wire.OutcomeOf(err) != connector.Unsent {
		t.Errorf("error = %v, want unsent", err)
	}
	if cause != nil && !errors.Is(err, cause) {
		t.Errorf("error = %v, want %v in it", err, cause)
	}
	wantRedacted(t, err)
}

func wantUnknown(t *testing.T, ctx context.Context, c *http.Client) { //nolint:revive // t first, as everywhere in tests
	t.Helper()
	_, err := wire.Do(ctx, c, sale)
	if err == nil || errors.Is(err, wire.ErrUnsent) || wire.OutcomeOf(err) != connector.Unknown {
		t.Errorf("error = %v, want one that is not unsent", err)
	}
	wantRedacted(t, err)
}

func wantRedacted(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{"5421190122090656", "card=", "/pay", "secret-body"} {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("error repeats %d bytes of the request", len(secret))
		}
	}
}

// A request is sent once, whatever the connection did before.
func TestDoNeverSendsTwice(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			return // the connection is kept
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close() // the second request is torn on the kept connection
		}
	}))
	t.Cleanup(s.Close)
	c := wire.NewClient(wire.Options{})
	t.Cleanup(c.CloseIdleConnections)
	r := wire.Request{Method: http.MethodPost, URL: s.URL, Body: []byte("pay")}
	if _, err := wire.Do(t.Context(), c, r); err != nil {
		t.Fatal(err)
	}
	_, err := wire.Do(t.Context(), c, r)
	if err == nil || errors.Is(err, wire.ErrUnsent) {
		t.Errorf("error = %v, want unknown", err)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("the bank got %d requests, want 2", n)
	}
}

// What is no HTTP must not be repeated in the error: it may hold a card number.
func TestDoRedactsMalformedAnswers(t *testing.T) {
	t.Parallel()
	sent := make(chan struct{})
	var once sync.Once
	c := over(t, func(n net.Conn) net.Conn {
		return fakeConn{
			Conn:  n,
			write: func(p []byte) (int, error) { once.Do(func() { close(sent) }); return len(p), nil },
			read:  func(p []byte) (int, error) { <-sent; return copy(p, "5421190122090656 says the bank\r\n\r\n"), nil },
		}
	})
	wantUnknown(t, t.Context(), c)
}

// A redirect is the bank's answer, to be judged like any other.
func TestDoDoesNotFollowRedirects(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	t.Cleanup(s.Close)
	resp, err := wire.Do(t.Context(), wire.NewClient(wire.Options{}), wire.Request{Method: http.MethodPost, URL: s.URL})
	if err != nil || resp.Status != http.StatusFound || requests.Load() != 1 {
		t.Errorf("status %d, %v, %d requests", resp.Status, err, requests.Load())
	}
}

func TestNewClient(t *testing.T) {
	t.Parallel()
	tr, ok := wire.NewClient(wire.Options{TLS: &tls.Config{MinVersion: tls.VersionTLS10}}).Transport.(*http.Transport) //nolint:gosec // must be raised
	if !ok {
		t.Fatal("the client's transport is of another type")
	}
	if tr.Proxy != nil {
		t.Error("uses a proxy of the environment")
	}
	if tr.TLSClientConfig.MinVersion < tls.VersionTLS12 {
		t.Error("allows TLS before 1.2")
	}
	if tr.MaxIdleConnsPerHost < 64 {
		t.Errorf("keeps %d connections", tr.MaxIdleConnsPerHost)
	}
}

func BenchmarkDo(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body) // a failure shows in the caller
	}))
	b.Cleanup(s.Close)
	c := wire.NewClient(wire.Options{})
	r := wire.Request{Method: http.MethodPost, URL: s.URL, Body: []byte(strings.Repeat("x", 300))}
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := wire.Do(b.Context(), c, r); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}
