// Package connector is the contract between Vezne and the code that speaks one
// bank protocol. A protocol implements Connector and whichever of the optional
// interfaces its bank offers; what a POS can do is derived from them.
package connector

import (
	"context"
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/money"
)

// Outcome is what is known about a request to a bank.
type Outcome uint8

// The outcomes.
const (
	// Unknown is no readable answer: the money may or may not have moved. It is
	// the zero value, so that forgetting to decide never means "failed".
	Unknown Outcome = iota
	// Approved is an explicit yes of the bank.
	Approved
	// Declined is an explicit no of the bank.
	Declined
	// Unsent is a request that provably never reached the bank, so that another
	// POS may be tried without any risk of charging twice.
	Unsent
)

// Kind is what a request asks a bank to do.
type Kind string

// The kinds of request.
const (
	Sale      Kind = "sale"
	Authorize Kind = "authorize"
	Capture   Kind = "capture"
	Void      Kind = "void"
	Refund    Kind = "refund"
)

// Connector speaks one bank's protocol for one POS account. Implementations are
// safe for concurrent use, never retry, honour the context's deadline, and open
// no connection in their constructor.
//
// A method's error explains an Answer that is Unknown or Unsent and is nil
// otherwise; a refusal of the bank is an Answer, not an error. A time-out, a torn
// connection after the request may have been written, and an answer that cannot
// be read or whose MAC is wrong are all Unknown.
type Connector interface {
	// Authorize asks for a sale or a pre-authorization of a card.
	Authorize(ctx context.Context, c Charge) (Answer, error)
	// Inquire asks what became of an earlier request, by our reference. It has no
	// effect at the bank and may be repeated.
	Inquire(ctx context.Context, q Inquiry) (Finding, error)
}

// Capturer takes all or part of a pre-authorized amount.
type Capturer interface {
	Capture(ctx context.Context, f FollowUp) (Answer, error)
}

// Voider undoes a sale, a pre-authorization or a capture as a whole.
type Voider interface {
	Void(ctx context.Context, f FollowUp) (Answer, error)
}

// Refunder gives back all or part of captured money.
type Refunder interface {
	Refund(ctx context.Context, f FollowUp) (Answer, error)
}

// Charge is a sale or a pre-authorization.
type Charge struct {
	Kind         Kind // Sale or Authorize
	Reference    string
	Amount       money.Amount
	Installments int // 1 is a single payment
	Card         card.Card
	ClientIP     netip.Addr
}

// Original names the request that a FollowUp or an Inquiry is about.
type Original struct {
	Reference     string
	TransactionID string
	HostReference string
	AuthCode      string
	Amount        money.Amount
	At            time.Time
}

// FollowUp is a capture, a void or a refund of an earlier approved request.
type FollowUp struct {
	Kind      Kind // Capture, Void or Refund
	Reference string
	Amount    money.Amount
	Original  Original
}

// Inquiry asks about the request of the kind that had the reference.
type Inquiry struct {
	Kind      Kind
	Reference string
	Amount    money.Amount
	At        time.Time
	// Original is what a follow-up was about; empty for a sale or pre-authorization.
	Original Original
}

// Answer is what a bank said to a request.
type Answer struct {
	Outcome Outcome
	// Reason is the normalised reason of a decline; Success when approved.
	Reason Reason
	// BankCode and BankMessage are the bank's own words, for the operation's
	// record alone. A connector removes card data from them.
	BankCode    string
	BankMessage string
	// TransactionID, HostReference and AuthCode are the bank's identities of what
	// it approved; later requests name it by them.
	TransactionID string
	HostReference string
	AuthCode      string
}

// Finding is what an inquiry found.
type Finding struct {
	// Answer is the bank's answer to the request asked about; its Outcome is
	// Unknown when the bank is still working on it or has no record of it.
	Answer
	// Missing is an explicit "no such request" of the bank. A request may still
	// be on its way, so a single Missing soon after the request proves nothing.
	Missing bool
	// Reversed is set when the request was approved and has been undone since.
	Reversed bool
}
