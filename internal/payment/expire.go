package payment

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/job"
)

// JobExpireHold is the job that ends a pre-authorization that nobody captured in
// the time in which the bank keeps it.
const JobExpireHold job.Kind = "payment.expire_hold"

// EventExpired says that a pre-authorization ended unused.
const EventExpired job.Kind = "payment.expired"

// expiry returns the job that ends a hold, for an operation that was granted one.
func (s *Service) expiry(ctx context.Context, p Payment, o Operation) (job.Job, bool, error) {
	if o.Kind != connector.Authorize || o.Status != OperationApproved {
		return job.Job{}, false, nil
	}
	at, err := s.posByID(ctx, p.MerchantID, o.POSID)
	if err != nil {
		return job.Job{}, false, fmt.Errorf("find POS of hold: %w", err)
	}
	j, err := s.newJob(ctx, JobExpireHold, p, o, o.Result.At.Add(at.CaptureLimit()))
	// A queue of its own: the merchant's events must not wait for it.
	j.Subject = "hold:" + o.Reference
	return j, true, err
}

// expireHold is the handler of JobExpireHold. The bank releases the money by
// itself; our record follows, and the order may be paid again.
func (s *Service) expireHold(ctx context.Context, j job.Job) error {
	p, o, err := s.subject(ctx, j)
	if err != nil {
		return err
	}
	switch {
	case p.State != Authorized:
		return nil
	case p.OpenAsk != 0:
		return job.Later(s.Clock.Now().Add(maxInquiryPause))
	}
	p.State, p.HoldsOrder = Expired, false
	p.changed(s.Clock.Now())
	tell, err := s.tell(ctx, EventExpired, p, o, s.Clock.Now())
	if err != nil {
		return err
	}
	record, err := s.auditRecord(ctx, p, o, systemActor)
	if err != nil {
		return err
	}
	record.Action, record.At = string(EventExpired), p.UpdatedAt
	err = s.Store.InTx(ctx, func(tx Tx) {
		tx.SavePayment(p)
		tell(tx)
		tx.Record(record)
	})
	if err != nil {
		return fmt.Errorf("expire hold: %w", err)
	}
	return nil
}
