package chaos

import (
	"fmt"
	"slices"
	"sync"
)

// Kind is what a client asks for, in the words of the bank's ledger.
type Kind string

const (
	kindSale      Kind = "sale"
	kindAuthorize Kind = "authorize"
	kindCapture   Kind = "capture"
	kindVoid      Kind = "void"
	kindRefund    Kind = "refund"

	// These two are not in the bank's ledger: they only begin a sale.
	kindEnrol    Kind = "enrolment"
	kindCheckout Kind = "checkout link"
)

func (k Kind) charges() bool { return k == kindSale || k == kindAuthorize }

// charge returns the kind of charge that a wish leads to.
func (k Kind) charge() Kind {
	if k == kindEnrol || k == kindCheckout {
		return kindSale
	}
	return k
}

// The statuses of an answer (gateway API, section 10).
const (
	statusSuccess = "SUCCESS"
	statusFailed  = "FAILED"
	statusPending = "PENDING"
)

// Ask is one wish of a client, however often it had to be sent, with everything
// that was ever answered to it.
type Ask struct {
	Kind  Kind
	Key   string // the idempotency key, empty for none
	Order string // of a charge
	Card  cardData
	// PaymentID is what a follow-up is about, and what a charge became.
	PaymentID string
	Amount    int64 // minor units; 0 for a void
	Currency  string
	// Answers are those that acknowledged the wish, in order, repeated ones once.
	Answers []Answer
	// Refused is the code with which the wish was refused for good.
	Refused string
	// Open says that there was no definite answer when the run ended.
	Open bool
}

// Answer is what a client was told about its wish.
type Answer struct {
	Status    string
	Code      string
	PaymentID string
	Amount    int64
	Replayed  bool
}

// Succeeded reports whether the client was told that it has what it asked for.
func (a *Ask) Succeeded() bool { return a.status() == statusSuccess }

// status is the last thing that was said.
func (a *Ask) status() string {
	if len(a.Answers) == 0 {
		return ""
	}
	return a.Answers[len(a.Answers)-1].Status
}

func (a *Ask) note(n Answer) {
	same := func(o Answer) bool { o.Replayed = n.Replayed; return o == n }
	if len(a.Answers) == 0 || !same(a.Answers[len(a.Answers)-1]) {
		a.Answers = append(a.Answers, n)
	}
}

func (a *Ask) String() string {
	return fmt.Sprintf("%s of %s %s (order %s, payment %s, key %s, answers %+v, refused %q)",
		a.Kind, decimal(a.Amount), a.Currency, a.Order, a.PaymentID, a.Key, a.Answers, a.Refused)
}

// decimal writes minor units of a currency with two places.
func decimal(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

// book keeps every wish of every client.
type book struct {
	mu   sync.Mutex
	asks []*Ask
}

func (b *book) add(a *Ask) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asks = append(b.asks, a)
}

func (b *book) all() []*Ask {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asks)
}
