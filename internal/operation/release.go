package operation

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// JobReleaseHold is the job that frees what a bank still holds after the capture of the
// hold was voided. At most banks the void frees it; Rules.VoidLeavesHold tells of those
// where it does not.
const JobReleaseHold job.Kind = "payment.release_hold"

// release returns the job that frees the hold, for a void that undid its capture.
func (s *Service) release(ctx context.Context, p payment.Payment, o payment.Operation) (job.Job, bool, error) {
	if o.Kind != connector.Void || p.State != payment.Voided || p.Phase != payment.PhasePreAuthorization || !p.Captured.IsPositive() {
		return job.Job{}, false, nil
	}
	j, err := s.NewJob(ctx, JobReleaseHold, p, o, s.clock.Now())
	// A queue of its own: the merchant's events must not wait for it.
	j.Subject = "release:" + o.Reference
	return j, true, err
}

// releaseHold is the handler of JobReleaseHold. The payment is voided and the books are
// settled already: what is left is the payer's limit at the bank.
func (s *Service) releaseHold(ctx context.Context, j job.Job) error {
	p, void, err := s.Subject(ctx, j)
	if err != nil {
		return err
	}
	at, err := s.POS(ctx, p.MerchantID, void.POSID)
	if err != nil {
		return fmt.Errorf("find POS: %w", err)
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return fmt.Errorf("open POS: %w", err)
	}
	if !bank.Rules().VoidLeavesHold {
		return nil
	}
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read operations: %w", err)
	}
	hold, _ := payment.Followed(void, all)
	if hold == nil {
		return fmt.Errorf("release the hold of operation %d: there is none", void.ID)
	}
	if under := underWay(all, hold.Reference); under != nil {
		if under.Status == payment.OperationApproved {
			return nil
		}
		return job.Later(s.clock.Now().Add(maxInquiryPause))
	}
	done, err := s.undo(ctx, p, hold, at, connector.Void)
	if err != nil {
		return err
	}
	if done.Operation.Status != payment.OperationApproved {
		return fmt.Errorf("release of the hold of operation %d: %s", hold.ID, done.Operation.Status)
	}
	return nil
}

// underWay returns the reversal of a charge that was approved, or whose outcome is not
// known yet; nil if the charge may be undone now.
func underWay(all []payment.Operation, charge string) *payment.Operation {
	for i := range all {
		o := &all[i]
		if o.IsReversal() && o.Original == charge && (o.Status == payment.OperationApproved || !o.Status.Final()) {
			return o
		}
	}
	return nil
}
