package operation

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
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
	// ResolverGrace is how long after a request must have ended the resolver waits
	// before it takes the operation up, so that it does not race the node that
	// is still busy with it.
	ResolverGrace = 5 * time.Second
	// FirstInquiryPause is after how long the resolver asks first about an answer that
	// stayed unknown.
	FirstInquiryPause = 2 * time.Second
	// MaxConflicts is how often a decision is made again when the row it was
	// based on changed meanwhile: as often as a crowd on one payment may need, for
	// each time at least one of the crowd gets through.
	MaxConflicts = 200
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

// Conclude commits a verdict about an operation. It is tried again when the row
// changed meanwhile or the store was away; if the store stays away the answer is
// "pending" and the resolver will conclude later, from the operation's row.
func (s *Service) Conclude(ctx context.Context, p payment.Payment, o payment.Operation, v payment.Verdict, actor string) (payment.Outcome, error) {
	ctx, span := Step(ctx, trace.StepConclude, &p)
	defer span.End()
	span.Set(trace.Operation(o.ID))
	span.Set(trace.Outcome(v.Status))
	if v.Status == payment.OperationUnknown {
		o.NextInquiry = s.clock.Now().Add(FirstInquiryPause)
	}
	failures := 0
	for try := range MaxConflicts {
		c := s.Settle(ctx, p, o, v)
		err := s.Commit(ctx, c, actor)
		if err == nil {
			c.Payment.Version++
			c.Operation.Version++
			return payment.Outcome{Payment: c.Payment, Operation: c.Operation}, nil
		}
		if fault.CodeOf(err) != fault.StaleVersion {
			failures++
			s.log.LogAttrs(ctx, slog.LevelWarn, "conclude operation",
				slog.Int64("operation", int64(o.ID)), slog.Int("try", try+1), slog.Any("error", err))
		}
		if failures == storeTries || !Pause(ctx, err, try) {
			break
		}
		fresh, freshOp, err := s.reload(ctx, p, o.ID)
		if err != nil {
			continue
		}
		if freshOp.Status.Final() {
			s.checkContradiction(ctx, freshOp, v)
			return payment.Outcome{Payment: fresh, Operation: freshOp}, nil
		}
		freshOp.NextInquiry = o.NextInquiry
		p, o = fresh, freshOp
	}
	return s.leftOpen(p, o), nil
}

// leftOpen is the answer when a verdict could not be stored: pending, because
// what the store holds is still "open".
func (s *Service) leftOpen(p payment.Payment, o payment.Operation) payment.Outcome {
	unknown := payment.Settle(p, o, VerdictOf(connector.Answer{}, s.clock.Now()))
	return payment.Outcome{Payment: unknown.Payment, Operation: unknown.Operation}
}

// checkContradiction shouts when two nodes came to opposite verdicts; the late
// check of a declined operation then undoes the charge.
func (s *Service) checkContradiction(ctx context.Context, o payment.Operation, v payment.Verdict) {
	if v.Status.Final() && v.Status != o.Status {
		s.log.LogAttrs(ctx, slog.LevelError, "contradicting verdicts about an operation",
			slog.Int64("operation", int64(o.ID)), slog.String("stored", string(o.Status)), slog.String("found", string(v.Status)))
	}
}

func (s *Service) reload(ctx context.Context, p payment.Payment, o id.Operation) (payment.Payment, payment.Operation, error) {
	fresh, err := s.store.PaymentByID(ctx, p.MerchantID, p.ID)
	if err != nil {
		return payment.Payment{}, payment.Operation{}, fmt.Errorf("reload payment %d: %w", p.ID, err)
	}
	operations, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return payment.Payment{}, payment.Operation{}, fmt.Errorf("reload operations of payment %d: %w", p.ID, err)
	}
	for _, op := range operations {
		if op.ID == o {
			return fresh, op, nil
		}
	}
	return payment.Payment{}, payment.Operation{}, fmt.Errorf("reload operation %d: gone", o)
}

// pauseAfter returns how long to wait before a commit that failed is decided anew:
// a moment if somebody else was quicker, longer if the store is away.
func pauseAfter(err error, try int) time.Duration {
	if fault.KindOf(err) != fault.Conflict {
		return storePause
	}
	longest := min(time.Duration(try+1)*conflictPause, maxConflictPause)
	var b [4]byte
	_, _ = rand.Read(b[:])                                                              // crypto/rand.Read never fails since Go 1.24
	return time.Duration(uint64(binary.BigEndian.Uint32(b[:])) * uint64(longest) >> 32) //nolint:gosec // positive and small
}

// Pause waits before a commit that failed with err is decided anew, longer with each
// try, and reports whether the context still runs then.
func Pause(ctx context.Context, err error, try int) bool {
	t := time.NewTimer(pauseAfter(err, try))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
