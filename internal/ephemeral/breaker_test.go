//go:build !quick

package ephemeral_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/ephemeral/redistest"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/secret"
)

// wire is a bad network between this process and a Redis server.
type wire struct {
	address, server string

	mu     sync.Mutex
	first  time.Duration // how long the first answer over a connection takes
	hole   bool          // nothing comes through
	parted []net.Conn
}

func newWire(t *testing.T) *wire {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{address: "redis://" + l.Addr().String(), server: strings.TrimPrefix(redistest.Start(t), "redis://")}
	var work sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close() // this ends the loop below
		w.cut()
		work.Wait()
	})
	work.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := new(net.Dialer).DialContext(t.Context(), "tcp", w.server)
			if err != nil {
				_ = near.Close() // the test's server has ended
				continue
			}
			w.mu.Lock()
			w.parted = append(w.parted, near, far)
			w.mu.Unlock()
			work.Go(func() { w.carry(far, near, 0) })
			work.Go(func() { w.carry(near, far, w.delay()) })
		}
	})
	return w
}

func (w *wire) delay() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

func (w *wire) carry(to io.Writer, from io.Reader, first time.Duration) {
	chunk := make([]byte, 4096)
	for {
		n, err := from.Read(chunk)
		if err != nil {
			return
		}
		if first > 0 {
			<-time.After(first)
			first = 0
		}
		w.mu.Lock()
		lost := w.hole
		w.mu.Unlock()
		if lost {
			continue
		}
		if _, err := to.Write(chunk[:n]); err != nil {
			return
		}
	}
}

// become changes the network; connections that there are stay.
func (w *wire) become(hole bool, first time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hole, w.first = hole, first
}

// cut ends all connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.parted {
		_ = c.Close() // it may have ended
	}
	w.parted = nil
}

// within asks again and again until it works.
func within(t *testing.T, limit time.Duration, what string, do func() error) {
	t.Helper()
	over, again := time.After(limit), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		err := do()
		if err == nil {
			return
		}
		select {
		case <-over:
			t.Fatalf("%s: still %v after %s", what, err, limit)
		case <-again.C:
		}
	}
}

// crowd is how many requests meet a server that does not answer, and calm how long
// all of them may be held up by it, one after the other, on a busy machine. Each
// waiting for the server by itself would take twice as long.
const (
	crowd = 200
	calm  = 10 * time.Second
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, w *wire) (*ephemeral.Redis, *ephemeral.Buckets) {
		t.Helper()
		r, err := ephemeral.OpenRedis(w.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return r, ephemeral.NewBuckets(r, secret.New(make([]byte, 32)))
	}
	often := limit.Rate{Every: time.Millisecond, Burst: 1000}
	take := func(t *testing.T, b *ephemeral.Buckets) func() error {
		t.Helper()
		return func() error {
			_, err := b.Take(t.Context(), "a", often)
			return err
		}
	}
	put := func(t *testing.T, r *ephemeral.Redis) func() error {
		t.Helper()
		return func() error { return r.Put(t.Context(), "a", []byte("b"), time.Hour) }
	}
	t.Run("server_that_is_slow_to_connect_to_is_connected_to_all_the_same", func(t *testing.T) {
		t.Parallel()
		w := newWire(t)
		r, b := open(t, w)
		within(t, patience, "limit before", take(t, b))
		w.become(false, 300*time.Millisecond) // far beyond what anybody waits
		w.cut()
		within(t, patience, "limit after", take(t, b))
		within(t, patience, "card after", put(t, r))
	})
	t.Run("black_hole_holds_up_few_and_is_left_when_it_ends", func(t *testing.T) {
		t.Parallel()
		w := newWire(t)
		r, b := open(t, w)
		within(t, patience, "limit before", take(t, b))
		w.become(true, 0)
		began := time.Now()
		for range crowd {
			if _, err := b.Take(t.Context(), "a", often); err == nil {
				t.Fatal("a count came through")
			}
			if err := r.Put(t.Context(), "a", nil, time.Hour); err == nil {
				t.Fatal("a card came through")
			}
		}
		if took := time.Since(began); took > calm {
			t.Errorf("%d requests were held up for %s", crowd, took)
		}
		w.become(false, 0)
		within(t, patience, "limit after", take(t, b))
		within(t, patience, "card after", put(t, r))
	})
	t.Run("connection_that_never_comes_about_holds_up_few", func(t *testing.T) {
		t.Parallel()
		w := newWire(t)
		_, b := open(t, w)
		within(t, patience, "limit before", take(t, b))
		w.become(true, 0)
		w.cut()
		began := time.Now()
		for range crowd {
			if _, err := b.Take(t.Context(), "a", often); err == nil {
				t.Fatal("a count came through")
			}
		}
		if took := time.Since(began); took > calm {
			t.Errorf("%d requests were held up for %s", crowd, took)
		}
		w.become(false, 0)
		within(t, patience, "limit after", take(t, b))
	})
}
