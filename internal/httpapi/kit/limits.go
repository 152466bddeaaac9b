package kit

import (
	"context"
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/limit"
)

const (
	// defaultFailures is generous: many servers of a merchant may share an address
	// when one of them has an old secret.
	defaultFailures = 300
	// defaultRequests is twice what one node is made to carry.
	defaultRequests = 10_000
	// maxAddresses and maxCredentials bound the memory of the limits.
	maxAddresses   = 50_000
	maxCredentials = 10_000
	// networkBits is how much of an IPv6 address counts: one host commonly has a
	// whole /64 (RFC 4291 section 2.5.1) and would never use an address twice.
	networkBits = 64
)

// Limits is how much is too much.
type Limits struct {
	// Failures is how many authentications may fail in a minute from one address.
	Failures int
	// Requests is how many requests one credential may send in a second, with a
	// burst of twice as many.
	Requests int
	// Shared counts for all nodes; if nil each counts for itself.
	Shared limit.Shared
}

// gauge counts towards the limits.
type gauge struct {
	failures *limit.Buckets[netip.Addr]
	requests *limit.Buckets[string]
}

func newGauge(l Limits) *gauge {
	if l.Failures <= 0 {
		l.Failures = defaultFailures
	}
	if l.Requests <= 0 {
		l.Requests = defaultRequests
	}
	return &gauge{
		failures: limit.New[netip.Addr](limit.Rate{Every: time.Minute / time.Duration(l.Failures), Burst: l.Failures}, maxAddresses).
			Share(l.Shared, func(a netip.Addr) string { return "failures:" + a.String() }),
		requests: limit.New[string](limit.Rate{Every: time.Second / time.Duration(l.Requests), Burst: 2 * l.Requests}, maxCredentials).
			Share(l.Shared, func(credential string) string { return "requests:" + credential }),
	}
}

// unproven counts a failed authentication and returns how to answer it. Right
// credentials are let in however many wrong ones came from the same address:
// behind a proxy that is not configured all callers have one, and a stranger must
// not be able to shut merchants out. Secrets are too long to be guessed.
func (k *Kit) unproven(ctx context.Context, client netip.Addr, err error) error {
	if fault.KindOf(err) != fault.Unauthenticated {
		return err
	}
	if client.Is6() {
		client = netip.PrefixFrom(client, networkBits).Masked().Addr()
	}
	if limited := k.gauge.failures.Take(ctx, client, k.clock.Now()); limited != nil {
		return limited
	}
	return err
}
