package payment

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/trace"
)

const (
	// sendLimit is how long after its beginning an operation may still be sent. A
	// request that leaves later, because the first commit or the machine was slow,
	// could reach the bank when the resolver has already been told that there is no
	// such request, and has called the operation declined.
	sendLimit = 3 * time.Second
	// inquiryLimit bounds the inquiry that follows an unknown answer at once.
	inquiryLimit = 5 * time.Second
	// resolverGrace is how long after a request must have ended the resolver waits
	// before it takes the operation up, so that it does not race the node that
	// is still busy with it.
	resolverGrace = 5 * time.Second
	// firstInquiryPause is when the resolver asks first about an answer that
	// stayed unknown.
	firstInquiryPause = 2 * time.Second
	// maxConflicts is how often a decision is made again when the row it was
	// based on changed meanwhile: as often as a crowd on one payment may need, for
	// each time at least one of the crowd gets through.
	maxConflicts = 200
	// The pauses before that grow by conflictPause up to maxConflictPause, and
	// are drawn at random so that the crowd spreads.
	conflictPause    = 2 * time.Millisecond
	maxConflictPause = 50 * time.Millisecond
	// A store that did not answer is left alone for storePause, storeTries times: a
	// database that restarts is waited for, and a caller hears "pending" before
	// that takes too long.
	storePause = 250 * time.Millisecond
	storeTries = 20
)

// newOperation returns an operation that is about to be sent to a POS.
func (s *Service) newOperation(ctx context.Context, p Payment, kind connector.Kind, actor string, at pos.POS) (Operation, error) {
	operationID, err := id.Next[id.Operation](ctx, s.IDs, id.NounOperation)
	if err != nil {
		return Operation{}, fmt.Errorf("new operation id: %w", err)
	}
	now := s.Clock.Now()
	return Operation{
		ID: operationID, MerchantID: p.MerchantID, PaymentID: p.ID,
		AskID: operationID, Attempt: 1, Kind: kind, POSID: at.ID,
		Reference: id.NewReference(now), Status: OperationOpen,
		Result: Result{Reason: connector.ResultUnknown, At: now},
		Actor:  actor, StartedAt: now,
		NextInquiry: now.Add(at.RequestLimit() + inquiryLimit + resolverGrace),
	}, nil
}

// ask sends a charge to the bank and says what is known afterwards; an unknown
// answer is followed by an inquiry at once.
func (s *Service) ask(ctx context.Context, o Operation, at pos.POS, typed *card.Card, c Pay) verdict {
	return s.send(ctx, o, at, connector.Original{}, func(b *pos.Bank) (connector.Answer, error) {
		return b.Authorize(ctx, connector.Charge{
			Kind: o.Kind, Reference: o.Reference, Amount: o.Amount,
			Installments: c.Installments, Card: *typed, ClientIP: c.ClientIP,
		})
	})
}

// send carries one request to a bank. No transaction is open meanwhile, and
// nothing here is ever repeated but the inquiry.
func (s *Service) send(ctx context.Context, o Operation, at pos.POS, about connector.Original,
	request func(*pos.Bank) (connector.Answer, error),
) verdict {
	bank, err := s.Banks.Bank(ctx, at)
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "open POS", slog.Int64("pos", int64(at.ID)), slog.Any("error", err))
		return verdictOf(connector.Answer{Outcome: connector.Unsent}, s.Clock.Now())
	}
	if late := s.Clock.Now().Sub(o.StartedAt); late > sendLimit {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "too late to send",
			slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.Duration("late", late))
		return verdictOf(connector.Answer{Outcome: connector.Unsent}, s.Clock.Now())
	}
	answer, err := request(bank)
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "bank request without answer",
			slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.Any("error", err))
	}
	if answer.Outcome != connector.Unknown || unanswered != OperationUnknown {
		return verdictOf(answer, s.Clock.Now())
	}
	return s.inquire(ctx, o, bank, about).verdict
}

// finding is what an inquiry made known.
type finding struct {
	verdict
	missing bool
}

// inquire asks the bank what became of an operation.
func (s *Service) inquire(ctx context.Context, o Operation, bank *pos.Bank, about connector.Original) finding {
	ctx, cancel := context.WithTimeout(ctx, inquiryLimit)
	defer cancel()
	found, err := bank.Inquire(ctx, connector.Inquiry{
		Kind: o.Kind, Reference: o.Reference, Amount: o.Amount, At: o.StartedAt, Original: about,
	})
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "inquiry without answer",
			slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.Any("error", err))
		return finding{verdict: verdictOf(connector.Answer{}, s.Clock.Now())}
	}
	if found.Missing {
		found.Outcome = connector.Unknown
	}
	v := verdictOf(found.Answer, s.Clock.Now())
	if found.Reversed && v.status == OperationApproved {
		v.status = OperationReversed
	}
	return finding{verdict: v, missing: found.Missing}
}

// conclude commits a verdict about an operation. It is tried again when the row
// changed meanwhile or the store was away; if the store stays away the answer is
// "pending" and the resolver will conclude later, from the operation's row.
func (s *Service) conclude(ctx context.Context, p Payment, o Operation, v verdict, actor string) (Outcome, error) {
	ctx, span := s.step(ctx, trace.StepConclude, &p)
	defer span.End()
	span.Set(trace.Operation(o.ID))
	span.Set(trace.Outcome(v.status))
	if v.status == OperationUnknown {
		o.NextInquiry = s.Clock.Now().Add(firstInquiryPause)
	}
	failures := 0
	for try := range maxConflicts {
		c := settle(p, o, v)
		err := s.commit(ctx, c, actor)
		if err == nil {
			c.payment.Version++
			c.operation.Version++
			return Outcome{Payment: c.payment, Operation: c.operation}, nil
		}
		if fault.CodeOf(err) != fault.StaleVersion {
			failures++
			s.Log.LogAttrs(ctx, slog.LevelWarn, "conclude operation",
				slog.Int64("operation", int64(o.ID)), slog.Int("try", try+1), slog.Any("error", err))
		}
		if failures == storeTries || !pause(ctx, pauseAfter(err, try)) {
			break
		}
		fresh, freshOp, err := s.reload(ctx, p, o.ID)
		if err != nil {
			continue
		}
		if freshOp.Status.Final() {
			s.checkContradiction(ctx, freshOp, v)
			return Outcome{Payment: fresh, Operation: freshOp}, nil
		}
		freshOp.NextInquiry = o.NextInquiry
		p, o = fresh, freshOp
	}
	return s.leftOpen(p, o), nil
}

// leftOpen is the answer when a verdict could not be stored: pending, because
// what the store holds is still "open".
func (s *Service) leftOpen(p Payment, o Operation) Outcome {
	unknown := settle(p, o, verdictOf(connector.Answer{}, s.Clock.Now()))
	return Outcome{Payment: unknown.payment, Operation: unknown.operation}
}

// checkContradiction shouts when two nodes came to opposite verdicts; the late
// check of a declined operation then undoes the charge.
func (s *Service) checkContradiction(ctx context.Context, o Operation, v verdict) {
	if v.status.Final() && v.status != o.Status {
		s.Log.LogAttrs(ctx, slog.LevelError, "contradicting verdicts about an operation",
			slog.Int64("operation", int64(o.ID)), slog.String("stored", string(o.Status)), slog.String("found", string(v.status)))
	}
}

func (s *Service) reload(ctx context.Context, p Payment, o id.Operation) (Payment, Operation, error) {
	fresh, err := s.Store.PaymentByID(ctx, p.MerchantID, p.ID)
	if err != nil {
		return Payment{}, Operation{}, fmt.Errorf("reload payment %d: %w", p.ID, err)
	}
	operations, err := s.Store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return Payment{}, Operation{}, fmt.Errorf("reload operations of payment %d: %w", p.ID, err)
	}
	for _, op := range operations {
		if op.ID == o {
			return fresh, op, nil
		}
	}
	return Payment{}, Operation{}, fmt.Errorf("reload operation %d: gone", o)
}

// pauseAfter returns how long to wait before a commit that failed is decided anew.
func pauseAfter(err error, try int) time.Duration {
	if fault.CodeOf(err) != fault.StaleVersion {
		return storePause
	}
	longest := min(time.Duration(try+1)*conflictPause, maxConflictPause)
	var b [4]byte
	_, _ = rand.Read(b[:])                                                              // crypto/rand.Read never fails since Go 1.24
	return time.Duration(uint64(binary.BigEndian.Uint32(b[:])) * uint64(longest) >> 32) //nolint:gosec // positive and small
}

// pause waits for d, and reports whether the context still runs then.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
