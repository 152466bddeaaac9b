package pages

import (
	"context"
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/limit"
)

// limitMemory bounds how many links and addresses are remembered at once.
const limitMemory = 100_000

// limits guard the hosted page against people who test cards or read our BIN
// table. A shop's own network may have many shoppers behind one address, so an
// address has a long leash, and a link with one address a short one.
type limits struct {
	clock                                    clock.Clock
	link, address, offersLink, offersAddress *limit.Buckets[string]
}

// newLimits counts for this process, or for all nodes in shared.
func newLimits(c clock.Clock, shared limit.Shared) limits {
	bucket := func(name string, every time.Duration, burst int) *limit.Buckets[string] {
		return limit.New[string](limit.Rate{Every: every, Burst: burst}, limitMemory).
			Share(shared, func(key string) string { return "page:" + name + ":" + key })
	}
	return limits{
		clock:         c,
		link:          bucket("link", 20*time.Second, 15),
		address:       bucket("address", 2*time.Second, 150),
		offersLink:    bucket("offers-link", time.Second, 40),
		offersAddress: bucket("offers-address", 200*time.Millisecond, 300),
	}
}

func (l limits) allowCard(ctx context.Context, link string, from netip.Addr) bool {
	return l.allow(ctx, l.link, l.address, link, from)
}

func (l limits) allowOffers(ctx context.Context, link string, from netip.Addr) bool {
	return l.allow(ctx, l.offersLink, l.offersAddress, link, from)
}

// allow takes of both limits or of none: what the short leash holds back must not use
// up the long one, on which others at the address are too.
func (l limits) allow(ctx context.Context, short, long *limit.Buckets[string], link string, from netip.Addr) bool {
	now, place := l.clock.Now(), network(from)
	if short.Take(ctx, link+" "+place, now) != nil {
		return false
	}
	if long.Take(ctx, place, now) != nil {
		short.Give(ctx, link+" "+place, now)
		return false
	}
	return true
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
