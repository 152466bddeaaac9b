// Package simulator is what every simulated bank is made of: books that survive a
// crash, a day whose end a call moves, decisions by test card, the page of 3-D
// Secure, misbehaviour on demand, and the ledger as testers read it. A protocol's
// own simulator adds how the bank speaks: codec, hashes and codes.
package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/money"
)

// Fault is one way to misbehave.
type Fault string

// The faults. "Books" means that the request is carried out as if all were well.
const (
	// TimeoutAfterApprove books and then keeps the connection open in silence.
	TimeoutAfterApprove Fault = "timeout_after_approve"
	// ResetBeforeRead resets the connection; nothing is read, nothing booked.
	ResetBeforeRead Fault = "reset_before_read"
	// ResetAfterApprove books and then resets the connection.
	ResetAfterApprove Fault = "reset_after_approve"
	// Slow waits, then books and answers, even if nobody listens any more.
	Slow Fault = "slow"
	// HTTP500 answers 500 and books nothing.
	HTTP500 Fault = "http_500"
	// Garbage books and answers bytes that mean nothing.
	Garbage Fault = "garbage"
	// DuplicateCallback returns a payer from 3-D Secure twice. It has no effect
	// on direct calls.
	DuplicateCallback Fault = "duplicate_callback"
	// WrongMAC books and answers with a MAC that is wrong, and so does a return. It
	// has no effect where the protocol has none.
	WrongMAC Fault = "wrong_mac"
	// Windows1254 answers in that charset, with letters that show it, where the
	// protocol's text can be in one, and so does the page that returns a payer.
	Windows1254 Fault = "windows_1254"
)

const (
	defaultSlow   = 2 * time.Second
	maxSlowMillis = 600_000
	maxFaultsBody = 4 << 10
	// DefaultMaxHang bounds a hanging connection where nobody says otherwise:
	// longer than any caller waits, shorter than people do.
	DefaultMaxHang = 2 * time.Minute
)

// Faults decides which requests go wrong, and is the handler of _faults that
// sets it. It is safe for concurrent use.
type Faults struct {
	maxHang time.Duration
	seed    uint64
	draws   atomic.Uint64
	plan    atomic.Pointer[plan]
}

// plan is what _faults takes and shows.
type plan struct {
	// Rate is the share of requests that go wrong, 0 to 1, to six places.
	Rate  money.Number `json:"rate"`
	Kinds []Fault      `json:"kinds"`
	// SlowMillis is how long Slow waits.
	SlowMillis int `json:"slow_ms"`
	// Seed makes the choice repeatable: the same for the n-th request after it
	// was set.
	Seed *uint64 `json:"seed,omitzero"`
	// Inquiries extends the faults to inquiries.
	Inquiries bool `json:"inquiries,omitzero"`

	perMillion uint64
	direct     []Fault // Kinds that direct calls can suffer
}

// NewFaults returns Faults without any fault. No connection is held longer than
// maxHang, DefaultMaxHang when zero.
func NewFaults(c clock.Clock, maxHang time.Duration) *Faults {
	if maxHang <= 0 {
		maxHang = DefaultMaxHang
	}
	f := &Faults{maxHang: maxHang, seed: uint64(c.Now().UnixNano())}
	f.plan.Store(&plan{Rate: "0", Kinds: []Fault{}})
	return f
}

// ServeHTTP shows the plan (GET), replaces it (PUT) or ends all faults (DELETE).
// A plan that is not understood is 400 and changes nothing.
func (f *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
	case http.MethodPut:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFaultsBody))
		if err != nil {
			http.Error(w, "body unreadable or too large", http.StatusBadRequest)
			return
		}
		p, err := parsePlan(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.set(p)
	case http.MethodDelete:
		f.set(&plan{Rate: "0", Kinds: []Fault{}})
	default:
		w.Header().Set("Allow", "GET, PUT, DELETE")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	WriteJSON(w, f.plan.Load())
}

// set begins a plan.
func (f *Faults) set(p *plan) {
	f.draws.Store(0)
	f.plan.Store(p)
}

func parsePlan(body []byte) (*plan, error) {
	p := plan{Rate: "1", SlowMillis: int(defaultSlow.Milliseconds())}
	if err := json.Unmarshal(body, &p, json.RejectUnknownMembers(true)); err != nil {
		return nil, errors.New("want rate, kinds, and optionally slow_ms, seed, inquiries")
	}
	// Rate's own parser is exact and has six places, so its unit is a millionth.
	share, err := money.ParseRate(string(p.Rate))
	if err != nil || share < 0 || share > 1_000_000 {
		return nil, errors.New("rate: want a number from 0 to 1 with at most six decimals")
	}
	p.perMillion = uint64(share)
	if p.SlowMillis < 0 || p.SlowMillis > maxSlowMillis {
		return nil, fmt.Errorf("slow_ms: want 0 to %d", maxSlowMillis)
	}
	if p.Kinds == nil || (len(p.Kinds) == 0 && p.perMillion > 0) {
		return nil, errors.New("kinds: want at least one")
	}
	for _, k := range p.Kinds {
		switch k {
		case TimeoutAfterApprove, ResetBeforeRead, ResetAfterApprove, Slow, HTTP500, Garbage, WrongMAC, Windows1254:
			p.direct = append(p.direct, k)
		case DuplicateCallback:
		default:
			return nil, errors.New("kinds: want " + strings.Join([]string{
				string(TimeoutAfterApprove), string(ResetBeforeRead), string(ResetAfterApprove),
				string(Slow), string(HTTP500), string(Garbage), string(DuplicateCallback), string(WrongMAC), string(Windows1254),
			}, ", "))
		}
	}
	return &p, nil
}

// Money wraps the handler of requests that move money.
func (f *Faults) Money(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.serve(w, r, next, f.draw(f.plan.Load()))
	})
}

// Inquiry wraps the handler of inquiries, which suffer only if the plan says so.
func (f *Faults) Inquiry(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := f.plan.Load(); p.Inquiries {
			f.serve(w, r, next, f.draw(p))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// draw returns the fault of the next request, empty for none.
func (f *Faults) draw(p *plan) Fault {
	if len(p.direct) == 0 {
		return ""
	}
	x, hit := f.hit(p)
	if !hit {
		return ""
	}
	return p.direct[(x>>32)%uint64(len(p.direct))]
}

// strikes reports whether the next return from 3-D Secure suffers the fault.
func (f *Faults) strikes(kind Fault) bool {
	p := f.plan.Load()
	if !slices.Contains(p.Kinds, kind) {
		return false
	}
	x, hit := f.hit(p)
	return hit && p.Kinds[(x>>32)%uint64(len(p.Kinds))] == kind
}

// hit reports whether the next request goes wrong, and the number that says how.
func (f *Faults) hit(p *plan) (uint64, bool) {
	if p.perMillion == 0 {
		return 0, false
	}
	seed := f.seed
	if p.Seed != nil {
		seed = *p.Seed
	}
	x := mix(seed + f.draws.Add(1)*0x9e3779b97f4a7c15)
	return x, x%1_000_000 < p.perMillion
}

// mix is the output function of SplitMix64 (Steele, Lea, Flood 2014): faults
// need spread, not secrecy, and must be repeatable from a seed.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// pause waits for d at most maxHang; with a ctx it ends when the client leaves.
func (f *Faults) pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(min(d, f.maxHang))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
