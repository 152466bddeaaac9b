package nodes_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// run is the time in which the merchant had one delivery of an event in hand.
type run struct{ from, until time.Time }

// shop is a merchant's server: it takes events, and the forms that browsers bring
// from 3-D Secure.
type shop struct {
	url string

	mu     sync.Mutex
	runs   map[string][]run  // by webhook-id
	doubly []string          // events that came while they were in hand
	inHand map[string]int    // by webhook-id
	keys   map[string]string // security keys by payment
	gate   chan struct{}     // closed: events are answered; else they wait
}

// eventPause is how long the shop needs for an event, so that one that came twice
// at once would be seen.
const eventPause = 10 * time.Millisecond

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{runs: map[string][]run{}, inHand: map[string]int{}, keys: map[string]string{}, gate: make(chan struct{})}
	close(s.gate)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /event", s.event)
	mux.HandleFunc("POST /back", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.keys[r.FormValue("paymentId")] = r.FormValue("securityKey")
		w.WriteHeader(http.StatusNoContent)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *shop) event(w http.ResponseWriter, r *http.Request) {
	name, from := r.Header.Get("Webhook-Id"), time.Now()
	s.mu.Lock()
	if s.inHand[name]++; s.inHand[name] > 1 {
		s.doubly = append(s.doubly, name)
	}
	gate := s.gate
	s.mu.Unlock()
	select {
	case <-gate:
		<-time.After(eventPause)
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inHand[name]--
	if r.Context().Err() == nil {
		s.runs[name] = append(s.runs[name], run{from, time.Now()})
	}
}

// hold lets events wait until release is called.
func (s *shop) hold() (release func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
	return func() { close(gate) }
}

// key returns the security key that a browser brought for a payment.
func (s *shop) key(payment string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[payment]
}
