package pos

import (
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
)

// The breaker opens when half of the requests of the last half minute got no
// answer, once there were five of them: fewer may be one bad moment, and a bank
// that is down costs each payer a whole time-out until it opens. Ten seconds
// later a single request tries the bank and decides.
const (
	breakerFailureRate = 0.5
	breakerMinRequests = 5
	breakerPeriod      = 30 * time.Second
	breakerDelay       = 10 * time.Second
	breakerProbes      = 1
)

// The states of a breaker, as BreakerChange names them.
const (
	BreakerClosed   = "closed"
	BreakerOpen     = "open"
	BreakerHalfOpen = "half-open"
)

// BreakerChange says that the breaker of a POS went from one state to another.
type BreakerChange struct {
	POSID     id.POS
	Alias     string
	Connector string
	From, To  string
}

// breaker is the circuit breaker of one POS.
type breaker = circuitbreaker.CircuitBreaker[any]

func newBreaker(p POS, changed func(BreakerChange)) breaker {
	builder := circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(breakerFailureRate, breakerMinRequests, breakerPeriod).
		WithSuccessThreshold(breakerProbes).
		WithDelay(breakerDelay)
	if changed != nil {
		builder = builder.OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			changed(BreakerChange{
				POSID: p.ID, Alias: p.Alias, Connector: p.Connector,
				From: e.OldState.String(), To: e.NewState.String(),
			})
		})
	}
	return builder.Build()
}

// passing reports whether the breaker would let a request through. An open
// breaker whose delay is over counts as passing, or nothing would ever be routed
// to the bank again; while the one probe is out, it does not.
func passing(b breaker) bool {
	switch b.State() {
	case circuitbreaker.ClosedState:
		return true
	case circuitbreaker.OpenState:
		return b.RemainingDelay() == 0
	case circuitbreaker.HalfOpenState:
		return false
	}
	return false
}

// record tells the breaker how a request ended. A decline is an answer of a bank
// that works, however many there are.
func record(b breaker, o connector.Outcome) {
	switch o {
	case connector.Approved, connector.Declined:
		b.RecordSuccess()
	case connector.Unknown, connector.Unsent:
		b.RecordFailure()
	}
}
