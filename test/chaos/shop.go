package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// shop is the merchant's own server: it takes events and the callbacks of
// checkouts, and refuses, hangs or hangs up now and then while trouble lasts.
type shop struct {
	url      string
	server   *http.Server
	verifier atomic.Pointer[standardwebhooks.Webhook]
	// troubled says that it misbehaves.
	troubled atomic.Bool
	fail     func(format string, args ...any)
	tally    *tally
	begun    time.Time

	mu        sync.Mutex
	rng       *rand.Rand
	arrivals  []arrival
	callbacks map[string]int // accepted ones, by checkout
}

// arrival is an event as it came, every time that it came.
type arrival struct {
	event    string // webhook-id
	kind     string
	accepted bool
	at       time.Duration // since the world began
	data     eventData
}

// eventData is what an event says of its subject.
type eventData struct {
	Operation int64  `json:"operation"`
	Version   int    `json:"version"`
	Checkout  string `json:"checkout"`
	Payment   struct {
		ID string `json:"id"`
	} `json:"payment"`
}

// subject is what the order of events is promised for.
func (d eventData) subject() string {
	if d.Payment.ID != "" {
		return "payment " + d.Payment.ID
	}
	return "checkout " + d.Checkout
}

func openShop(w *World) (*shop, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the shop: %w", err)
	}
	s := &shop{
		url: "http://" + l.Addr().String(), fail: w.fail, tally: &w.tally, begun: w.begun, callbacks: make(map[string]int),
		rng: rand.New(rand.NewPCG(w.options.Seed, shopStream)),
	}
	s.troubled.Store(true)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks", s.takeEvent)
	mux.HandleFunc("POST /callback", s.takeCallback)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			w.fail("the shop closed: %v", err)
		}
	}()
	return s, nil
}

// subscribe makes an endpoint for all events.
func (s *shop) subscribe(ctx context.Context, w *World) error {
	body := fmt.Sprintf(`{"url":%q,"events":["*"]}`, s.url+"/hooks")
	r, err := w.call(ctx, rand.New(rand.NewPCG(1, 1)), question{http.MethodPost, "/admin/v1/webhook-endpoints", body, ""})
	if err != nil {
		return fmt.Errorf("make an endpoint: %w", err)
	}
	verifier, err := standardwebhooks.NewWebhook(r.text("secret"))
	if r.status != http.StatusCreated || err != nil {
		return fmt.Errorf("make an endpoint: %d %s, secret: %w", r.status, r.text("code"), err)
	}
	s.verifier.Store(verifier)
	return nil
}

// mood is how the shop treats one request.
func (s *shop) mood() (status int, hang, hangUp bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.troubled.Load() {
		return http.StatusNoContent, false, false
	}
	switch n := s.rng.IntN(1000); {
	case n < 25:
		return http.StatusInternalServerError, false, false
	case n < 40:
		return http.StatusServiceUnavailable, false, false
	case n < 43:
		return http.StatusNoContent, true, false
	case n < 60:
		return http.StatusNoContent, false, true
	}
	return http.StatusNoContent, false, false
}

func (s *shop) takeEvent(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	verifier := s.verifier.Load()
	if err != nil || verifier == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	// Clocks are wrong on purpose, so that the time in it proves nothing here.
	if err := verifier.VerifyIgnoringTimestamp(body, r.Header); err != nil {
		s.fail("the signature of event %s is wrong: %v", r.Header.Get("webhook-id"), err)
		return
	}
	var m struct {
		Type string    `json:"type"`
		Data eventData `json:"data"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		s.fail("event %s is unreadable: %v", r.Header.Get("webhook-id"), err)
		return
	}
	s.answer(w, r, func(accepted bool) {
		s.arrivals = append(s.arrivals, arrival{event: r.Header.Get("webhook-id"), kind: m.Type, accepted: accepted, at: time.Since(s.begun), data: m.Data})
	})
}

func (s *shop) takeCallback(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	id := r.PostForm.Get("checkoutId")
	s.answer(w, r, func(accepted bool) {
		if accepted {
			s.callbacks[id]++
		}
	})
}

// answer notes what came, and answers as the shop's mood is. What is noted as
// accepted was answered well; what came of the answer the sender knows.
func (s *shop) answer(w http.ResponseWriter, r *http.Request, note func(accepted bool)) {
	status, hang, hangUp := s.mood()
	accepted := status == http.StatusNoContent && !hang && !hangUp
	s.mu.Lock()
	note(accepted)
	s.mu.Unlock()
	switch {
	case hang:
		s.tally.count("events that the shop left hanging")
		// Until the sender gives up, however slow it is: an answer would be taken.
		wait(r.Context(), time.Minute)
		panic(http.ErrAbortHandler)
	case hangUp:
		s.tally.count("events that the shop hung up on")
		panic(http.ErrAbortHandler)
	case status != http.StatusNoContent:
		s.tally.count("events that the shop refused")
	}
	w.WriteHeader(status)
}

func (s *shop) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return s.server.Shutdown(ctx)
}

// got returns everything that arrived so far.
func (s *shop) got() (arrivals []arrival, callbacks map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	callbacks = make(map[string]int, len(s.callbacks))
	maps.Copy(callbacks, s.callbacks)
	return append([]arrival(nil), s.arrivals...), callbacks
}

// aboutPayment reports whether a type of event is about a payment.
func aboutPayment(kind string) bool { return strings.HasPrefix(kind, "payment.") }
