package charge

import (
	"context"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
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
	// tryWait is how long a request waits for others with its card, so that enough of
	// the command's time is left for the bank.
	tryWait = 10 * time.Second
)

// declines bounds how often banks decline a card. It is safe for concurrent use.
type declines struct {
	buckets *limit.Buckets[string] // by fingerprint
	clock   clock.Clock
	mu      sync.Mutex
	alike   map[sameCard]*alike
}

// sameCard is a card with what only its holder should know. It is kept while a bank is
// being asked with it, and no longer: a security code is gone when the bank answered.
type sameCard struct {
	fingerprint string
	cvv         card.CVV
	expiry      card.Expiry
}

// alike are the requests under way with one sameCard.
type alike struct {
	running int
	// approved says that a bank has just taken exactly this: then nobody is guessing,
	// and a shop may charge it as often at once as it likes.
	approved bool
}

func newDeclines(c clock.Clock, shared limit.Shared) *declines {
	return &declines{
		buckets: limit.New[string](limit.Rate{Every: declineEvery, Burst: maxCardDeclines}, maxDeclinedCards).
			Share(shared, func(fingerprint string) string { return "declines:" + fingerprint }),
		clock: c, alike: make(map[sameCard]*alike),
	}
}

// CardTry is one request to a bank about a card, which counts if the bank declines.
// Said or Unasked ends it; what comes after the first changes nothing.
type CardTry struct {
	declines *declines
	card     sameCard
	hold     *limit.Hold // nil for one that needs none
	ended    bool
}

// TryCard takes what a request to a bank about a card costs, before the bank is asked:
// of any number of guesses at once no more get there than one after the other would. It
// refuses with fault.TooManyRequests a card that banks have declined too often lately,
// and waits while it depends on requests under way whether that is so.
func (s *Service) TryCard(ctx context.Context, p payment.Payment, c card.Card) (*CardTry, error) {
	t := &CardTry{declines: s.declines, card: sameCard{p.Card.Fingerprint, c.CVV, c.Expiry}}
	if s.declines.join(t.card) {
		return t, nil
	}
	waiting, cancel := context.WithTimeout(ctx, tryWait)
	defer cancel()
	hold, err := s.declines.buckets.Hold(waiting, p.Card.Fingerprint, s.clock.Now)
	if err != nil {
		s.declines.part(t.card, false, false)
		return nil, err
	}
	t.hold = hold
	return t, nil
}

// Said ends the try with what the bank said. Only a refusal counts.
func (t *CardTry) Said(ctx context.Context, v payment.Verdict) {
	if t.ended {
		return
	}
	t.ended = true
	approved, declined := v.Status == payment.OperationApproved, v.Status == payment.OperationDeclined
	t.declines.part(t.card, approved, declined)
	switch {
	case !declined:
		t.hold.Return(ctx)
	case t.hold != nil:
		t.hold.Keep(ctx)
	default:
		t.declines.note(ctx, t.card.fingerprint)
	}
}

// Unasked ends the try of which no bank heard.
func (t *CardTry) Unasked(ctx context.Context) { t.Said(ctx, payment.Verdict{}) }

// NoteDecline counts what a bank said about a card that we did not ask it about, if it
// said no: it told us by way of the payer.
func (s *Service) NoteDecline(ctx context.Context, p payment.Payment, v payment.Verdict) {
	if v.Status == payment.OperationDeclined {
		s.declines.note(ctx, p.Card.Fingerprint)
	}
}

func (d *declines) note(ctx context.Context, fingerprint string) {
	_ = d.buckets.Take(ctx, fingerprint, d.clock.Now()) // an empty bucket cannot be emptier
}

// join begins a request and reports whether a bank has just taken the same.
func (d *declines) join(c sameCard) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.alike[c]
	if a == nil {
		a = &alike{}
		d.alike[c] = a
	}
	a.running++
	return a.approved
}

func (d *declines) part(c sameCard, approved, declined bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.alike[c]
	a.approved = approved || a.approved && !declined
	if a.running--; a.running == 0 {
		delete(d.alike, c)
	}
}
