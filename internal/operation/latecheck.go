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
	"github.com/vezne/vezne/internal/pos"
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
		return nil
	}
	at, err := s.POS(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return fmt.Errorf("find POS: %w", err)
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return fmt.Errorf("open POS: %w", err)
	}
	found := s.inquire(ctx, p, o, bank)
	charge := o.Kind == connector.Sale || o.Kind == connector.Authorize
	switch {
	case found.Status == payment.OperationApproved && charge:
		o.Result.TransactionID, o.Result.HostReference = found.Result.TransactionID, found.Result.HostReference
		if found.SealedMemo != nil {
			o.SealedMemo = found.SealedMemo
		}
		return s.reverse(ctx, p, o, at)
	case found.Status == payment.OperationApproved:
		return s.acceptLate(ctx, p, o, found.Verdict)
	case found.Status == payment.OperationReversed:
		return s.markReversed(ctx, o)
	case found.missing || found.Status == payment.OperationDeclined:
		return s.nextLateCheck(o)
	}
	return fmt.Errorf("late check of operation %d: the bank does not answer", o.ID)
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
// end of the list.
func (s *Service) nextLateCheck(o payment.Operation) error {
	began := s.startOf(o)
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

// reverse undoes at the bank what was approved there after the merchant had been
// told that it failed. The books never saw the charge, so they do not see its
// reversal either; the operations show both.
func (s *Service) reverse(ctx context.Context, p payment.Payment, o payment.Operation, at pos.POS) error {
	s.log.LogAttrs(ctx, slog.LevelError, "late approval: reversing",
		slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)))
	undo, err := s.New(ctx, p, connector.Void, resolverActor, at)
	if err != nil {
		return err
	}
	undo.Amount, undo.Original = o.Amount, o.Reference
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SaveOperation(o) // the reversal names the charge by what the bank calls it
		tx.InsertOperation(undo)
	})
	if err != nil {
		return fmt.Errorf("begin reversal: %w", err)
	}
	o.Version++
	v := s.SendFollowUp(ctx, p, undo, at)
	if _, err := s.Conclude(ctx, p, undo, v, resolverActor); err != nil {
		return err
	}
	if v.Status == payment.OperationDeclined {
		err = s.escalateRefusal(ctx, p, o, undo)
	}
	if v.Status != payment.OperationApproved {
		return errors.Join(fmt.Errorf("reversal of operation %d: %s", o.ID, v.Status), err)
	}
	return s.markReversed(ctx, o)
}

// isReversal reports whether the operation undoes a charge that nobody wanted, and
// not a payment that somebody voided.
func isReversal(o payment.Operation) bool {
	return o.Kind == connector.Void && o.Actor == resolverActor
}

func (s *Service) markReversed(ctx context.Context, o payment.Operation) error {
	o.Status = payment.OperationReversed
	if err := s.store.InTx(ctx, func(tx payment.Tx) { tx.SaveOperation(o) }); err != nil {
		return fmt.Errorf("mark operation %d reversed: %w", o.ID, err)
	}
	return nil
}

// acceptLate books a follow-up that the bank carried out after the merchant had
// been told that it failed: money that was given back cannot be called back. It
// fails, and stays a dead job for a person to look at, if the payment has moved
// on so that the follow-up does not fit any more.
func (s *Service) acceptLate(ctx context.Context, p payment.Payment, o payment.Operation, v payment.Verdict) error {
	s.log.LogAttrs(ctx, slog.LevelError, "late approval: accepting",
		slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)))
	fits := false
	switch o.Kind {
	case connector.Capture:
		fits = p.State == payment.Authorized && p.OpenAsk == 0
		p.OpenAsk = o.ID
	case connector.Void:
		if isReversal(o) { // it was never about the payment's own state
			return s.Commit(ctx, payment.Settle(p, o, v), resolverActor)
		}
		_, err := p.AdmitVoid()
		fits = err == nil
		p.OpenAsk = o.ID
	case connector.Refund:
		_, err := p.AdmitRefund(o.Amount)
		fits = err == nil
		p.Refunding = p.Refunding.Add(o.Amount)
	case connector.Sale, connector.Authorize:
	}
	if !fits {
		return fmt.Errorf("late approval of %s operation %d does not fit a payment that is %s", o.Kind, o.ID, p.State)
	}
	return s.Commit(ctx, payment.Settle(p, o, v), resolverActor)
}
