package payment

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
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/trace"
)

const (
	// resolverActor names the resolver in audit records.
	resolverActor = "system:resolver"
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

// lateChecks are the ages at which an operation that a bank did not know is
// asked about again.
var lateChecks = [...]time.Duration{time.Minute, 10 * time.Minute, time.Hour}

// Resolver finds the outcome of operations that were left open by a crash or
// unknown by a bank, by asking until the bank knows. Any number of nodes may run
// one: an operation is taken by compare-and-set on its row.
type Resolver struct {
	service *Service
	// Exclusive says that no other process works on the store, so that what is
	// open at the start was left by a crash and need not be waited for.
	Exclusive bool
	sights    sights
}

// NewResolver returns a Resolver for the payments of a Service.
func NewResolver(s *Service) *Resolver { return &Resolver{service: s} }

// Run resolves until the context ends, and returns when no inquiry is running
// any more.
func (r *Resolver) Run(ctx context.Context) {
	if r.Exclusive {
		r.round(ctx, r.service.Clock.Now().Add(commandLimit))
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
func (r *Resolver) Round(ctx context.Context) { r.round(ctx, r.service.Clock.Now()) }

func (r *Resolver) round(ctx context.Context, due time.Time) {
	s := r.service
	operations, err := s.Store.Unresolved(ctx, due.Add(horizon), resolverBatch)
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "read unresolved operations", slog.Any("error", err))
		return
	}
	var wg sync.WaitGroup
	places := make(chan struct{}, resolverWorkers)
	h := hearing{silence: make(map[id.POS]int)}
	elapsed := s.Clock.Elapsed()
	r.sights.keep(operations, len(operations) < resolverBatch, elapsed)
	for _, o := range operations {
		if ctx.Err() != nil { // being stopped: what is left is due again
			break
		}
		seen := r.sights.of(o, elapsed)
		if o.NextInquiry.After(due) && !seen.overdue(o, due, elapsed) {
			continue
		}
		watched := elapsed - seen.first
		if r.Exclusive { // the clock that dated it is this one
			watched = max(watched, s.Clock.Now().Sub(o.StartedAt)-clockError)
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
func (s *Service) reportUnresolved(ctx context.Context, o Operation, err error) {
	if err == nil {
		return
	}
	level, attrs := slog.LevelWarn, []slog.Attr{slog.Int64("operation", int64(o.ID)), slog.Any("error", err)}
	if p, panicked := errors.AsType[*fault.Panic](err); panicked {
		level, attrs = slog.LevelError, append(attrs, slog.String("stack", p.Stack()))
	}
	s.Log.LogAttrs(ctx, level, "resolve operation", attrs...)
}

// hearing is which banks answered inquiries in a round.
type hearing struct {
	mu      sync.Mutex
	silence map[id.POS]int // inquiries without an answer; negative once there was one
}

func (h *hearing) note(p id.POS, answered bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case answered:
		h.silence[p] = -1
	case h.silence[p] >= 0:
		h.silence[p]++
	}
}

func (h *hearing) silent(p id.POS) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.silence[p] >= maxSilence
}

// resolve asks the bank about one operation and concludes it if the bank knows.
// A bank that is silent in this round is asked in a later one. watched is for how
// long the operation has been known.
func (s *Service) resolve(ctx context.Context, o Operation, h *hearing, watched time.Duration) (r Resolution, err error) {
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
	at, err := s.posByID(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return ResolutionFailed, fmt.Errorf("find POS: %w", err)
	}
	// The operation once more, after its payment: one that was settled in between must
	// not be settled again in a payment that has its outcome.
	p, now, err := s.reload(ctx, Payment{MerchantID: o.MerchantID, ID: o.PaymentID}, o.ID)
	switch {
	case err != nil:
		return ResolutionFailed, err
	case now.Version != o.Version:
		return ResolvedNot, fault.New(fault.Conflict, fault.StaleVersion, "the operation was settled meanwhile")
	}
	if h.silent(at.ID) {
		return ResolvedNot, s.escalate(ctx, p, o)
	}
	bank, err := s.Banks.Bank(ctx, at)
	if err != nil {
		return ResolutionFailed, errors.Join(fmt.Errorf("open POS: %w", err), s.escalate(ctx, p, o))
	}
	found := s.inquire(ctx, o, bank, p.original(o))
	h.note(at.ID, found.missing || found.status != OperationUnknown)
	switch {
	case found.status.Final():
		_, err = s.conclude(ctx, p, o, found.verdict, resolverActor)
		return resolutionOf(found.status), err
	case found.missing && watched > sendLimit+at.RequestLimit()+missingGrace:
		// By the clocks of nodes alone it is not believed: the one that dated the
		// operation may be behind, and its request still on the way.
		return ResolvedMissing, s.concludeMissing(ctx, p, o)
	}
	return ResolvedNot, s.escalate(ctx, p, o)
}

// takeUp claims an operation for one inquiry by moving its next one.
func (s *Service) takeUp(ctx context.Context, o Operation) (Operation, error) {
	now := s.Clock.Now()
	o.Inquiries++
	o.NextInquiry = now.Add(inquiryPause(now.Sub(o.StartedAt)))
	if err := s.Store.InTx(ctx, func(tx Tx) { tx.SaveOperation(o) }); err != nil {
		return Operation{}, fmt.Errorf("take up operation: %w", err)
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
func (s *Service) concludeMissing(ctx context.Context, p Payment, o Operation) error {
	v := verdict{status: OperationDeclined, result: Result{Reason: connector.NoResponse, At: s.Clock.Now()}}
	c := settle(p, o, v)
	tell, err := s.tell(ctx, c.operation.event(), c.payment, c.operation, c.operation.FinishedAt)
	if err != nil {
		return err
	}
	check, err := s.newLateCheck(ctx, c, s.startOf(o).Add(lateChecks[0]))
	if err != nil {
		return err
	}
	record, err := s.auditRecord(ctx, c.payment, c.operation, resolverActor)
	if err != nil {
		return err
	}
	return s.save(ctx, c, func(tx Tx) {
		tell(tx)
		tx.Enqueue(check)
		tx.Record(record)
	})
}

// JobHandlers returns the handlers of the jobs that payments leave behind. Events
// are not among them: delivering those is for others.
func (s *Service) JobHandlers() job.Handlers {
	return job.Handlers{
		JobLateCheck:     {Class: job.Money, Do: s.lateCheck},
		JobExpireSession: {Class: job.Money, Do: s.expireSession},
		JobExpireHold:    {Class: job.Money, Do: s.expireHold},
	}
}
