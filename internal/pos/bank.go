package pos

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/trace"
)

const (
	// DefaultMaxConcurrent is how many requests of one POS run at once: at half a
	// second each a thousand payments a second, and few enough that a hanging bank
	// cannot take the memory that the other banks' payments need.
	DefaultMaxConcurrent = 512
	// bulkheadWait is how long a request waits for its turn, which evens out a
	// burst without keeping a payer who could be served by another bank.
	bulkheadWait = time.Second
)

// Why a request was not sent. Both come with an Answer that is Unsent.
var (
	// ErrBreakerOpen says that the bank has been failing and is left alone.
	ErrBreakerOpen = errors.New("the bank is failing and left alone for a while")
	// ErrBusy says that too many requests to the bank are running.
	ErrBusy = errors.New("too many requests to the bank are running")
)

// Bank is a POS's connector made safe to call: every request is bounded by the
// POS's time-out, kept away from a bank that is failing, and limited in number.
// It never retries. It is safe for concurrent use.
//
// Answers and errors follow the rules of connector.Connector, and are held to
// them: an answer that contradicts its error counts as Unknown, and so does a
// panic of the connector, because the request may have been sent. Every text of an
// answer is clean (connector.Clean), whatever the bank sent.
type Bank struct {
	connector connector.Connector
	rules     connector.Rules
	watch     watch
	version   int
	timeout   time.Duration
	breaker   breaker
	// requests and inquiries have bulkheads of their own, so that hanging
	// requests do not keep us from asking what became of them.
	requests  bulkhead.Bulkhead[any]
	inquiries bulkhead.Bulkhead[any]
}

func newBank(p POS, c connector.Connector, o *Options) *Bank {
	return &Bank{
		connector: c, rules: connector.RulesOf(c), version: p.Version, timeout: p.RequestLimit(),
		watch:     watch{connector: p.Connector, clock: o.Environment.Clock, tell: o.OnRequest},
		breaker:   newBreaker(p, o.OnBreakerChange),
		requests:  newBulkhead(o.MaxConcurrent),
		inquiries: newBulkhead(o.MaxConcurrent),
	}
}

func newBulkhead(size int) bulkhead.Bulkhead[any] {
	return bulkhead.New[any](uint(max(size, 1)))
}

// Capabilities says what the bank can do beyond sale, pre-authorization and inquiry.
func (b *Bank) Capabilities() connector.Capabilities { return connector.CapabilitiesOf(b.connector) }

// Rules says what the bank declares to allow.
func (b *Bank) Rules() connector.Rules { return b.rules }

// Healthy reports whether a request would be let through to the bank.
func (b *Bank) Healthy() bool { return passing(b.breaker) }

// Authorize asks for a sale or a pre-authorization of a card.
func (b *Bank) Authorize(ctx context.Context, c connector.Charge) (connector.Answer, error) {
	return b.send(ctx, Kind(c.Kind), func(ctx context.Context) (connector.Answer, error) {
		return b.connector.Authorize(ctx, c)
	})
}

// Capture takes all or part of a pre-authorized amount. A bank that cannot is a
// fault.Conflict of the code NotCapturable, and nothing was sent.
func (b *Bank) Capture(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	c, ok := b.connector.(connector.Capturer)
	if !ok {
		return cannot(fault.NotCapturable, "this POS cannot capture")
	}
	return b.send(ctx, KindCapture, func(ctx context.Context) (connector.Answer, error) { return c.Capture(ctx, f) })
}

// Void undoes an earlier request as a whole. A bank that cannot is a
// fault.Conflict of the code NotVoidable, and nothing was sent.
func (b *Bank) Void(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	c, ok := b.connector.(connector.Voider)
	if !ok {
		return cannot(fault.NotVoidable, "this POS cannot void")
	}
	return b.send(ctx, KindVoid, func(ctx context.Context) (connector.Answer, error) { return c.Void(ctx, f) })
}

// Refund gives back all or part of captured money. A bank that cannot is a
// fault.Conflict of the code NotRefundable, and nothing was sent.
func (b *Bank) Refund(ctx context.Context, f connector.FollowUp) (connector.Answer, error) {
	c, ok := b.connector.(connector.Refunder)
	if !ok {
		return cannot(fault.NotRefundable, "this POS cannot refund")
	}
	return b.send(ctx, KindRefund, func(ctx context.Context) (connector.Answer, error) { return c.Refund(ctx, f) })
}

// Inquire asks what became of an earlier request. It passes an open breaker,
// because a failing bank is the very reason to ask, and tells the breaker
// nothing. A Finding with an error is Unknown, and so is one that the connector
// calls Unsent: the request that was asked about may have been carried out whether
// the question was sent or not.
func (b *Bank) Inquire(ctx context.Context, q connector.Inquiry) (finding connector.Finding, err error) {
	ctx, watched := b.watch.begin(ctx, trace.StepInquiry, KindInquire)
	defer func() { b.watch.end(watched, finding.Outcome) }()
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	if err := acquire(ctx, b.inquiries); err != nil {
		return connector.Finding{}, fmt.Errorf("inquire: %w", err)
	}
	defer b.inquiries.ReleasePermit()
	defer func() {
		if v := recover(); v != nil {
			finding, err = connector.Finding{}, panicError(v)
		}
	}()
	finding, err = b.connector.Inquire(ctx, q)
	if err != nil {
		return connector.Finding{}, err
	}
	return found(finding)
}

// found holds a Finding to the contract.
func found(f connector.Finding) (connector.Finding, error) {
	switch {
	case f.Outcome > connector.Declined:
		return connector.Finding{}, fmt.Errorf("%w: an inquiry found a request unsent", errContract)
	case len(f.Memo) > connector.MaxMemo:
		return connector.Finding{}, fmt.Errorf("%w: %w", errContract, errMemo)
	case f.Missing:
		f.Outcome = connector.Unknown
	}
	f.Reversed = f.Reversed && f.Outcome == connector.Approved
	f.Answer = f.Clean()
	return f, nil
}

func cannot(code fault.Code, message string) (connector.Answer, error) {
	return connector.Answer{Outcome: connector.Unsent}, fault.New(fault.Conflict, code, message)
}

// send makes one request to the bank, or says why it was not sent.
func (b *Bank) send(
	ctx context.Context, k Kind, request func(context.Context) (connector.Answer, error),
) (connector.Answer, error) {
	ctx, watched := b.watch.begin(ctx, trace.StepBank, k)
	answer, err := b.request(ctx, request)
	b.watch.end(watched, answer.Outcome)
	return answer, err
}

func (b *Bank) request(
	ctx context.Context, request func(context.Context) (connector.Answer, error),
) (connector.Answer, error) {
	unsent := connector.Answer{Outcome: connector.Unsent}
	if !passing(b.breaker) {
		return unsent, ErrBreakerOpen
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	if err := acquire(ctx, b.requests); err != nil {
		return unsent, err
	}
	defer b.requests.ReleasePermit()
	if !b.breaker.TryAcquirePermit() {
		return unsent, ErrBreakerOpen
	}
	answer, err := guarded(ctx, request)
	record(b.breaker, answer.Outcome)
	return answer, err
}

// acquire takes a permit, or says why the request cannot run: a caller that has
// given up must not have anything sent for it.
func acquire(ctx context.Context, h bulkhead.Bulkhead[any]) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("before the request was sent: %w", err)
	}
	err := h.AcquirePermitWithMaxWait(ctx, bulkheadWait)
	switch {
	case errors.Is(err, bulkhead.ErrFull):
		return ErrBusy
	case err != nil:
		return fmt.Errorf("before the request was sent: %w", err)
	}
	return nil
}
