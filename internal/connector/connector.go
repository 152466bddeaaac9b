// Package connector is the contract between Vezne and the code that speaks one
// bank protocol. A protocol implements Connector and whichever of the optional
// interfaces its bank offers; what a POS can do is derived from them.
//
// Connectors are called through internal/pos alone, which holds every answer to
// this contract: it bounds time and concurrency, cleans every text that came from
// a bank or a browser, and makes Unknown of whatever contradicts the contract.
package connector

import "context"

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
	// POS may be tried without any risk of charging twice. It is never the answer
	// to an inquiry: that an inquiry was not sent says nothing about the request
	// that it is about.
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
	// Inquire asks what became of an earlier request. It has no effect at the bank
	// and may be repeated. Its error means that nothing was found out: the Finding
	// is then Unknown, whether the question was sent or not.
	Inquire(ctx context.Context, q Inquiry) (Finding, error)
}

// Capturer takes all or part of a pre-authorized amount.
type Capturer interface {
	// Capture takes f.Amount of the pre-authorization f.Original.
	Capture(ctx context.Context, f FollowUp) (Answer, error)
}

// Voider undoes a sale, a pre-authorization or a capture as a whole.
type Voider interface {
	// Void undoes f.Original. Where f.Original has a Capture, it undoes the capture,
	// and the pre-authorization with it unless Rules say VoidLeavesHold.
	// A bank whose day has ended and which cannot void any more declines with
	// AlreadySettled.
	Void(ctx context.Context, f FollowUp) (Answer, error)
}

// Refunder gives back all or part of captured money.
type Refunder interface {
	// Refund gives back f.Amount of what f.Original took. A bank that does so only
	// after its day's end declines with RequiresDayEnd until then.
	Refund(ctx context.Context, f FollowUp) (Answer, error)
}
