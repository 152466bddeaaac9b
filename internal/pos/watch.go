package pos

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/trace"
)

// Kind is what a Request asked of a bank: a connector.Kind, or one of those that
// move no money.
type Kind string

// The kinds of request.
const (
	KindSale       = Kind(connector.Sale)
	KindAuthorize  = Kind(connector.Authorize)
	KindCapture    = Kind(connector.Capture)
	KindVoid       = Kind(connector.Void)
	KindRefund     = Kind(connector.Refund)
	KindEnrol      = Kind("enrol")
	KindInquire    = Kind("inquire")
	KindPoints     = Kind("points")
	KindSaveCard   = Kind("save_card")
	KindForgetCard = Kind("forget_card")
	KindRates      = Kind("rates")
)

// Request says how a request to a bank went, for those who measure. Every member
// but Took comes from a closed set.
type Request struct {
	Connector string
	Kind      Kind
	Outcome   connector.Outcome
	// Took is the time until the outcome was known, the wait for a turn included.
	Took time.Duration
}

// watch tells of the requests of one bank.
type watch struct {
	connector string
	clock     clock.Clock
	tell      func(Request)
}

// call is a request that is being watched.
type call struct {
	kind  Kind
	began time.Duration
	span  trace.Span
}

// begin returns the context of the request, whose span no bank is told of.
func (w watch) begin(ctx context.Context, s trace.Step, k Kind) (context.Context, call) {
	c := call{kind: k}
	if w.tell != nil {
		c.began = w.clock.Elapsed()
	}
	ctx, c.span = trace.Start(ctx, s)
	return ctx, c
}

func (w watch) end(c call, o connector.Outcome) {
	c.span.Set(trace.Connector(w.connector))
	c.span.Set(trace.Kind(c.kind))
	c.span.Set(trace.Outcome(OutcomeName(o)))
	c.span.End()
	if w.tell != nil {
		w.tell(Request{Connector: w.connector, Kind: c.kind, Outcome: o, Took: w.clock.Elapsed() - c.began})
	}
}

// OutcomeName is an outcome as metrics and traces call it.
func OutcomeName(o connector.Outcome) string {
	switch o {
	case connector.Approved:
		return "approved"
	case connector.Declined:
		return "declined"
	case connector.Unsent:
		return "unsent"
	case connector.Unknown:
	}
	return "unknown"
}

// Breakers is how many breakers of a connector's POSes are in each state.
type Breakers struct {
	Closed, Open, HalfOpen int
}

// Breakers returns the breakers by connector, with an entry for every protocol
// that is registered. POSes that were never used count nowhere.
func (r *Registry) Breakers() map[string]Breakers {
	all := make(map[string]Breakers, len(r.protocols))
	for name := range r.protocols {
		all[name] = Breakers{}
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, b := range r.banks {
		n := all[b.watch.connector]
		switch b.breaker.State().String() {
		case BreakerOpen:
			n.Open++
		case BreakerHalfOpen:
			n.HalfOpen++
		default:
			n.Closed++
		}
		all[b.watch.connector] = n
	}
	return all
}
