package operation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// JobLateCheck is the job that asks a bank again about a request of which it
// had no record, in case the request arrived late, and undoes what it finds.
const JobLateCheck job.Kind = "payment.late_check"

// lateChecks are the ages at which an operation that a bank did not know is
// asked about again.
var lateChecks = [...]time.Duration{time.Minute, 10 * time.Minute, time.Hour}

// jobPayload is the part of an event payload that leads back to its subject.
type jobPayload struct {
	Payment   string       `json:"payment"`
	Operation id.Operation `json:"operation"`
}

// NewLateCheck returns the job that asks the bank again about an operation that
// was called declined.
func (s *Service) NewLateCheck(ctx context.Context, c payment.Change, runAt time.Time) (job.Job, error) {
	check, err := s.NewJob(ctx, JobLateCheck, c.Payment, c.Operation, runAt)
	// A queue of its own: the merchant's events must not wait for it.
	check.Subject = "late_check:" + c.Operation.Reference
	return check, err
}

// lateCheck asks once more about a request of which the bank had no record and
// which the merchant was told had failed. What turns out approved is undone if
// it took money and accepted if it was a follow-up. The job is put off until the
// last of lateChecks.
func (s *Service) lateCheck(ctx context.Context, j job.Job) error {
	p, o, err := s.Subject(ctx, j)
	if err != nil {
		return err
	}
	if o.Status != payment.OperationDeclined {
		return s.clearReversed(ctx, p, o)
	}
	nothing, err := s.askLate(ctx, p, o, true)
	if errors.Is(err, errNoAnswer) && p.Unclear { // nobody else asks, so this goes on until the bank tells
		now := s.clock.Now()
		return job.Later(now.Add(inquiryPause(now.Sub(o.StartedAt))))
	}
	if err != nil || !nothing {
		return err
	}
	return s.nextLateCheck(o, j.CreatedAt)
}

// errNoAnswer is a bank that says nothing about an operation, or that cannot be asked.
var errNoAnswer = errors.New("the bank does not answer")

// askLate asks the bank once more about an operation that was called declined, and
// undoes or accepts what it finds. It reports whether the bank has no more of it than
// we do, and may be asked again later; a payment of which it has none is clear then, if
// that is to be believed.
func (s *Service) askLate(
	ctx context.Context, p payment.Payment, o payment.Operation, believes bool,
) (nothing bool, err error) {
	at, err := s.POS(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return false, fmt.Errorf("find POS: %w: %w", errNoAnswer, err)
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return false, fmt.Errorf("open POS: %w: %w", errNoAnswer, err)
	}
	found := s.inquire(ctx, p, o, bank)
	charge := o.Kind == connector.Sale || o.Kind == connector.Authorize
	switch {
	case found.Status == payment.OperationApproved && charge:
		o.Result.TransactionID, o.Result.HostReference = found.Result.TransactionID, found.Result.HostReference
		if found.SealedMemo != nil {
			o.SealedMemo = found.SealedMemo
		}
		return false, s.reverse(ctx, p, o, at)
	case found.Status == payment.OperationApproved:
		return false, s.acceptLate(ctx, p, o, found.Verdict)
	case found.Status == payment.OperationReversed:
		return false, s.markReversed(ctx, p, o)
	case found.missing || found.Status == payment.OperationDeclined:
		if charge && believes {
			err = s.clearUnlessUndone(ctx, p, o)
		}
		return true, err
	}
	return false, fmt.Errorf("late check of operation %d: %w", o.ID, errNoAnswer)
}

// clearUnlessUndone clears a payment of which the bank has nothing, unless somebody is
// undoing its charge: then the end of that tells.
func (s *Service) clearUnlessUndone(ctx context.Context, p payment.Payment, o payment.Operation) error {
	if !p.Unclear {
		return nil
	}
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read operations: %w", err)
	}
	under := underWay(all, o.Reference)
	switch {
	case under == nil:
		return s.clear(ctx, p)
	case under.Status == payment.OperationApproved:
		return s.markReversed(ctx, p, o)
	}
	return job.Later(s.clock.Now().Add(maxInquiryPause))
}

// Subject reads what a job is about.
func (s *Service) Subject(ctx context.Context, j job.Job) (payment.Payment, payment.Operation, error) {
	var payload jobPayload
	if err := json.Unmarshal(j.Payload, &payload); err != nil {
		return payment.Payment{}, payment.Operation{}, fmt.Errorf("read job of payment: %w", err)
	}
	u, err := id.ParseUUID(payload.Payment)
	if err != nil {
		return payment.Payment{}, payment.Operation{}, fmt.Errorf("read job of payment: %w", err)
	}
	p, err := s.store.Payment(ctx, j.MerchantID, u)
	if err != nil {
		return payment.Payment{}, payment.Operation{}, fmt.Errorf("find payment of job: %w", err)
	}
	return s.reload(ctx, p, payload.Operation)
}

// nextLateCheck puts the job off until the next age at which to ask; nil at the
// end of the list. A job that was made when the operation was too old for any counts
// from there.
func (s *Service) nextLateCheck(o payment.Operation, made time.Time) error {
	began := s.startOf(o)
	if last := lateChecks[len(lateChecks)-1]; !made.Before(began.Add(last)) {
		began = made
	}
	age := s.clock.Now().Sub(began)
	for _, at := range lateChecks {
		if at > age {
			return job.Later(began.Add(at))
		}
	}
	return nil
}

// startOf returns when the operation began, as far as our clock can have it: one
// that was dated by a clock that is ahead began at the latest now.
func (s *Service) startOf(o payment.Operation) time.Time {
	if now := s.clock.Now(); o.StartedAt.After(now) {
		return now
	}
	return o.StartedAt
}

// acceptLate books a follow-up that the bank carried out after the merchant had
// been told that it failed: money that was given back cannot be called back. It
// fails, and stays a dead job for a person to look at, if the payment, or an item of
// which it moved something, has moved on so that it does not fit any more.
func (s *Service) acceptLate(ctx context.Context, p payment.Payment, o payment.Operation, v payment.Verdict) error {
	s.log.LogAttrs(ctx, slog.LevelError, "late approval: accepting",
		slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)))
	if o.IsReversal() { // it was never about the payment's own state
		return s.Commit(ctx, payment.Settle(p, o, v), resolverActor)
	}
	fits := false
	switch o.Kind {
	case connector.Capture:
		fits = p.State == payment.Authorized && p.OpenAsk == 0
	case connector.Void:
		_, err := p.AdmitVoid()
		fits = err == nil
	case connector.Refund:
		_, err := p.AdmitRefund(o.Part())
		fits = err == nil
	case connector.Sale, connector.Authorize:
	}
	if !fits {
		return fmt.Errorf("late approval of %s operation %d does not fit a payment that is %s", o.Kind, o.ID, p.State)
	}
	p.Reserve(o)
	return s.Commit(ctx, payment.Settle(p, o, v), resolverActor)
}
