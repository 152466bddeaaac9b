package operation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/trace"
)

const (
	// resolverActor names the resolver in audit records.
	resolverActor = payment.ReversalActor
	// resolverTick is how often the resolver looks for operations that are due.
	resolverTick = 500 * time.Millisecond
	// resolverBatch is how many operations are looked at in one round: as many as
	// may hang at one bank, so that they do not hide those of other banks.
	resolverBatch = 512
	// resolverWorkers bounds the inquiries that run at once, so that a bank that
	// comes back is not met by a stampede.
	resolverWorkers = 8
	// maxSilence is after how many inquiries without an answer, and none with one,
	// a bank is left alone for the rest of a round: the others' must not wait.
	maxSilence = 4
	// missingGrace is how long beyond a request's own limits a bank may still come
	// to know of it. Only then "no such request" is believed.
	missingGrace = 5 * time.Second
	// clockError is how far one machine's clock may be set while operations are
	// open. One that is older by so much more is old whatever happened to it.
	clockError = 5 * time.Minute
	// horizon is how far ahead the resolver looks: an operation may seem to be due
	// in the future because the clock that said so was wrong.
	horizon = 24 * time.Hour
	// The pauses between inquiries grow with the age of the operation: a tenth of
	// it, within these bounds, and rarely once it is older than an hour.
	minInquiryPause  = time.Second
	maxInquiryPause  = 15 * time.Second
	rareInquiryPause = 5 * time.Minute
	rareInquiryAge   = time.Hour
)

// Resolver finds the outcome of operations that were left open by a crash or
// unknown by a bank, by asking until the bank knows. Any number of nodes may run
// one: an operation is taken by compare-and-set on its row.
type Resolver struct {
	service *Service
	// Exclusive says that no other process works on the store, so that what is
	// open at the start was left by a crash and need not be waited for.
	Exclusive    bool
	observations observations
}

// NewResolver returns a Resolver for the payments of a Service.
func NewResolver(s *Service) *Resolver { return &Resolver{service: s} }

// Run resolves until the context ends, and returns when no inquiry is running
// any more.
func (r *Resolver) Run(ctx context.Context) {
	if r.Exclusive {
		r.round(ctx, r.service.clock.Now().Add(CommandLimit))
	}
	tick := time.NewTicker(resolverTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.Round(ctx)
		}
	}
}

// Round takes up every operation that is due now and waits for their inquiries.
func (r *Resolver) Round(ctx context.Context) { r.round(ctx, r.service.clock.Now()) }

func (r *Resolver) round(ctx context.Context, due time.Time) {
	s := r.service
	operations, err := s.store.Unresolved(ctx, due.Add(horizon), resolverBatch)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "read unresolved operations", slog.Any("error", err))
		return
	}
	var wg sync.WaitGroup
	places := make(chan struct{}, resolverWorkers)
	h := bankSilence{inquiries: make(map[id.POS]int)}
	elapsed := s.clock.Elapsed()
	r.observations.keep(operations, len(operations) < resolverBatch, elapsed)
	for _, o := range operations {
		if ctx.Err() != nil { // being stopped: what is left is due again
			break
		}
		seen := r.observations.of(o, elapsed)
		if o.NextInquiry.After(due) && !seen.overdue(o, due, elapsed) {
			continue
		}
		watched := elapsed - seen.firstSeen
		if r.Exclusive { // the clock that dated it is this one
			watched = max(watched, s.clock.Now().Sub(o.StartedAt)-clockError)
		}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			found, err := s.resolve(ctx, o, &h, watched)
			if fault.CodeOf(err) == fault.StaleVersion { // another node was quicker
				return
			}
			s.resolved(ctx, o, found)
			s.reportUnresolved(ctx, o, err)
		})
	}
	wg.Wait()
}

// reportUnresolved logs why an operation could not be asked about, if there is a
// reason.
func (s *Service) reportUnresolved(ctx context.Context, o payment.Operation, err error) {
	if err == nil {
		return
	}
	level, attrs := slog.LevelWarn, []slog.Attr{slog.Int64("operation", int64(o.ID)), slog.Any("error", err)}
	if p, panicked := errors.AsType[*fault.Panic](err); panicked {
		level, attrs = slog.LevelError, append(attrs, slog.String("stack", p.Stack()))
	}
	s.log.LogAttrs(ctx, level, "resolve operation", attrs...)
}

// bankSilence is which banks answered inquiries in a round.
type bankSilence struct {
	mu        sync.Mutex
	inquiries map[id.POS]int // inquiries without an answer; negative once there was one
}

func (h *bankSilence) note(p id.POS, answered bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case answered:
		h.inquiries[p] = -1
	case h.inquiries[p] >= 0:
		h.inquiries[p]++
	}
}

func (h *bankSilence) silent(p id.POS) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.inquiries[p] >= maxSilence
}

// resolve asks the bank about one operation and concludes it if the bank knows.
// A bank that is silent in this round is asked in a later one. watched is for how
// long the operation has been known.
func (s *Service) resolve(ctx context.Context, o payment.Operation, h *bankSilence, watched time.Duration) (r Resolution, err error) {
	ctx, span := trace.Start(ctx, trace.StepResolve)
	operation := o.ID
	defer func() {
		if v := recover(); v != nil { // whatever is wrong with one must not keep the others from their end
			r, err = ResolutionFailed, fault.Recovered(v)
		}
		span.Set(trace.Operation(operation))
		span.Set(trace.Outcome(r))
		span.Fail(err)
		span.End()
	}()
	// Taken up first: what fails below must not stay at the head of every batch.
	o, err = s.takeUp(ctx, o)
	if err != nil {
		return ResolutionFailed, err
	}
	at, err := s.POS(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return ResolutionFailed, fmt.Errorf("find POS: %w", err)
	}
	// The operation once more, after its payment: one that was settled in between must
	// not be settled again in a payment that has its outcome.
	p, now, err := s.reload(ctx, payment.Payment{MerchantID: o.MerchantID, ID: o.PaymentID}, o.ID)
	switch {
	case err != nil:
		return ResolutionFailed, err
	case now.Version != o.Version:
		return ResolvedNot, fault.New(fault.Conflict, fault.StaleVersion, "the operation was settled meanwhile")
	}
	o = now // with what it moves of each item
	if h.silent(at.ID) {
		return ResolvedNot, s.escalate(ctx, p, o)
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return ResolutionFailed, errors.Join(fmt.Errorf("open POS: %w", err), s.escalate(ctx, p, o))
	}
	found := s.inquire(ctx, p, o, bank)
	h.note(at.ID, found.missing || found.Status != payment.OperationUnknown)
	switch {
	case found.Status.Final():
		_, err = s.Conclude(ctx, p, o, found.Verdict, resolverActor)
		return resolutionOf(found.Status), err
	case found.missing && watched > sendLimit+at.RequestLimit()+missingGrace:
		// By the clocks of nodes alone it is not believed: the one that dated the
		// operation may be behind, and its request still on the way.
		return ResolvedMissing, s.concludeMissing(ctx, p, o)
	}
	return ResolvedNot, s.escalate(ctx, p, o)
}

// takeUp claims an operation for one inquiry by moving its next one.
func (s *Service) takeUp(ctx context.Context, o payment.Operation) (payment.Operation, error) {
	now := s.clock.Now()
	o.Inquiries++
	o.NextInquiry = now.Add(inquiryPause(now.Sub(o.StartedAt)))
	if err := s.store.InTx(ctx, func(tx payment.Tx) { tx.SaveOperation(o) }); err != nil {
		return payment.Operation{}, fmt.Errorf("take up operation: %w", err)
	}
	o.Version++
	return o, nil
}

func inquiryPause(age time.Duration) time.Duration {
	if age > rareInquiryAge {
		return rareInquiryPause
	}
	return min(max(age/10, minInquiryPause), maxInquiryPause)
}

// concludeMissing ends an operation of which the bank has no record long after
// it must have had one, and leaves a job that asks again, in case the bank's
// record was late.
func (s *Service) concludeMissing(ctx context.Context, p payment.Payment, o payment.Operation) error {
	v := payment.Verdict{Status: payment.OperationDeclined, Result: payment.Result{Reason: connector.NoResponse, At: s.clock.Now()}}
	c := payment.Settle(p, o, v)
	tell := func(payment.Tx) {} // nobody was told of what a reversal undoes
	var err error
	if !o.IsReversal() {
		if tell, err = s.eventWriter(ctx, c.Operation.Event(), c.Payment, c.Operation, c.Operation.FinishedAt); err != nil {
			return err
		}
	}
	check, err := s.NewLateCheck(ctx, c, s.startOf(o).Add(lateChecks[0]))
	if err != nil {
		return err
	}
	record, err := s.auditRecord(ctx, c.Payment, c.Operation, resolverActor)
	if err != nil {
		return err
	}
	return s.Save(ctx, c, func(tx payment.Tx) {
		tell(tx)
		tx.Enqueue(check)
		tx.Record(record)
	})
}
