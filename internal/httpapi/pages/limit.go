package pages

import (
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"github.com/vezne/vezne/internal/clock"
)

// limitMemory bounds how many links and addresses are remembered at once, and
// limitIdle how long one that does nothing is.
const (
	limitMemory = 100_000
	limitIdle   = 30 * time.Minute
)

// limiter lets each key do something at a steady rate after a first burst. Each
// node counts for itself.
type limiter struct {
	clock   clock.Clock
	every   time.Duration
	burst   int
	buckets *otter.Cache[string, *rate.Limiter]
}

func newLimiter(c clock.Clock, every time.Duration, burst int) *limiter {
	return &limiter{clock: c, every: every, burst: burst, buckets: otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize:      limitMemory,
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](limitIdle),
	})}
}

// allows takes one from the key's bucket, if there is one left.
func (l *limiter) allows(key string) bool {
	bucket, _ := l.buckets.ComputeIfAbsent(key, func() (*rate.Limiter, bool) {
		return rate.NewLimiter(rate.Every(l.every), l.burst), false
	})
	return bucket.AllowN(l.clock.Now(), 1)
}

// limits guard the hosted page against people who test cards or read our BIN
// table. A shop's own network may have many shoppers behind one address, so an
// address has a long leash, and a link with one address a short one.
type limits struct{ link, address, offersLink, offersAddress *limiter }

func newLimits(c clock.Clock) limits {
	return limits{
		link:          newLimiter(c, 20*time.Second, 15),
		address:       newLimiter(c, 2*time.Second, 150),
		offersLink:    newLimiter(c, time.Second, 40),
		offersAddress: newLimiter(c, 200*time.Millisecond, 300),
	}
}

func (l limits) allowCard(link string, from netip.Addr) bool {
	return l.address.allows(network(from)) && l.link.allows(link+" "+network(from))
}

func (l limits) allowOffers(link string, from netip.Addr) bool {
	return l.offersAddress.allows(network(from)) && l.offersLink.allows(link+" "+network(from))
}

// homeNetwork is how much of an IPv6 address one customer of a provider has.
const homeNetwork = 64

// network is what counts as one address: of IPv6 everything that one customer can
// choose from.
func network(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(homeNetwork); err == nil {
			return p.String()
		}
	}
	return a.String()
}
