package operation

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// JobExpireHold is the job that ends a pre-authorization that nobody captured in
// the time in which the bank keeps it.
const JobExpireHold job.Kind = "payment.expire_hold"

// expiry returns the job that ends a hold, for an operation that was granted one.
func (s *Service) expiry(ctx context.Context, p payment.Payment, o payment.Operation) (job.Job, bool, error) {
	if o.Kind != connector.Authorize || o.Status != payment.OperationApproved {
		return job.Job{}, false, nil
	}
	at, err := s.POS(ctx, p.MerchantID, o.POSID)
	if err != nil {
		return job.Job{}, false, fmt.Errorf("find POS of hold: %w", err)
	}
	j, err := s.NewJob(ctx, JobExpireHold, p, o, o.Result.At.Add(at.CaptureLimit()))
	// A queue of its own: the merchant's events must not wait for it.
	j.Subject = "hold:" + o.Reference
	return j, true, err
}

// expireHold is the handler of JobExpireHold. The bank releases the money by
// itself; our record follows, and the order may be paid again.
func (s *Service) expireHold(ctx context.Context, j job.Job) error {
	p, o, err := s.Subject(ctx, j)
	if err != nil {
		return err
	}
	switch {
	case p.State != payment.Authorized:
		return nil
	case p.OpenAsk != 0:
		return job.Later(s.clock.Now().Add(maxInquiryPause))
	}
	p.State, p.HoldsOrder = payment.Expired, false
	p.MarkChanged(s.clock.Now())
	tell, err := s.eventWriter(ctx, payment.EventExpired, p, o, s.clock.Now())
	if err != nil {
		return err
	}
	record, err := s.auditRecord(ctx, p, o, SystemActor)
	if err != nil {
		return err
	}
	record.Action, record.At = string(payment.EventExpired), p.UpdatedAt
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SavePayment(p)
		tell(tx)
		tx.Record(record)
	})
	if err != nil {
		return fmt.Errorf("expire hold: %w", err)
	}
	return nil
}
