package charge

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/payment"
)

const (
	// maxCardDeclines is how often a card may be declined in a row before attempts
	// with it have to wait: no payer tries as often, but one who guesses security
	// codes or expiry dates does, and acquirers fine for it.
	maxCardDeclines = 20
	// declineEvery gives back maxCardDeclines attempts in a minute.
	declineEvery = time.Minute / maxCardDeclines
	// maxDeclinedCards bounds the memory of the limit.
	maxDeclinedCards = 50_000
)

// newDeclines counts by fingerprint, for this process or in shared.
func newDeclines(shared limit.Shared) *limit.Buckets[string] {
	return limit.New[string](limit.Rate{Every: declineEvery, Burst: maxCardDeclines}, maxDeclinedCards).
		Share(shared, func(fingerprint string) string { return "declines:" + fingerprint })
}

// checkDeclines refuses with fault.TooManyRequests a card that banks have declined
// too often lately. Approvals never count.
func (s *Service) checkDeclines(ctx context.Context, p payment.Payment) error {
	return s.declines.Check(ctx, p.Card.Fingerprint, s.clock.Now())
}

// NoteDecline counts what a bank said about a card, if it said no.
func (s *Service) NoteDecline(ctx context.Context, p payment.Payment, v payment.Verdict) {
	if v.Status == payment.OperationDeclined {
		_ = s.declines.Take(ctx, p.Card.Fingerprint, s.clock.Now()) // empty after attempts that ran at once: the next one is refused anyway
	}
}
