package payment

import "time"

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

// checkDeclines refuses with fault.TooManyRequests a card that banks have declined
// too often lately. Approvals never count.
func (s *Service) checkDeclines(p Payment) error {
	return s.declines.Check(p.Card.Fingerprint, s.Clock.Now())
}

// noteDecline counts what a bank said about a card, if it said no.
func (s *Service) noteDecline(p Payment, v verdict) {
	if v.status == OperationDeclined {
		_ = s.declines.Take(p.Card.Fingerprint, s.Clock.Now()) // empty after attempts that ran at once: the next one is refused anyway
	}
}
