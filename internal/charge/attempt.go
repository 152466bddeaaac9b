package charge

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/trace"
)

// maxDeclines is how many banks may say no before an ask ends: a second opinion
// is worth the payer's wait, a third hardly ever is.
const maxDeclines = 2

// Attempt is a payment on its way through its candidates.
type Attempt struct {
	Command Pay
	// Payment and Operation are as they were committed last, or will be.
	Payment    payment.Payment
	Operation  payment.Operation
	candidates []routing.Candidate
	// refusal is why there is no candidate; empty for NoPOSAvailable.
	refusal  connector.Reason
	next     int // index of the candidate to be tried next
	declines int
}

// POS returns the one that was chosen last.
func (a *Attempt) POS() pos.POS { return a.candidates[a.next-1].POS }

// Routed reports whether there is any POS that may take the payment.
func (a *Attempt) Routed() bool { return len(a.candidates) > 0 }

// KeepPOSes leaves the attempt the POSes that are able to take it. It is for what
// stands above routing, before the first is chosen.
func (a *Attempt) KeepPOSes(able func(pos.POS) bool) {
	var kept []routing.Candidate
	for _, c := range a.candidates {
		if able(c.POS) {
			kept = append(kept, c)
		}
	}
	a.candidates = kept
}

// ask sends a charge to the bank and says what is known afterwards; an unknown
// answer is followed by an inquiry at once.
func (s *Service) ask(ctx context.Context, a *Attempt) payment.Verdict {
	return s.operations.Send(ctx, a.Payment, a.Operation, a.POS(), func(b *pos.Bank) (connector.Answer, error) {
		c := a.Payment.ChargeOf(a.Operation)
		c.Card = a.Command.Card
		return b.Authorize(ctx, c)
	})
}

// ChoosePOS points the payment at its next candidate, or declines it if there is
// none, and makes the operation that will ask that bank.
func (s *Service) ChoosePOS(ctx context.Context, a *Attempt) error {
	p := &a.Payment
	if len(a.candidates) == 0 {
		p.State, p.HoldsOrder, p.Result.Reason = payment.Declined, false, cmp.Or(a.refusal, connector.NoPOSAvailable)
		p.ShareItems()
		return nil
	}
	c := a.candidates[a.next]
	a.next++
	price := c.Plan.Price(p.Price, p.InterestPayer)
	p.POSID, p.POSAlias = c.POS.ID, c.POS.Alias
	p.CommissionRate, p.CustomerRate = price.CommissionRate, price.CustomerRate
	if a.Command.Paid.IsZero() {
		p.Paid = price.Total
	}
	p.Commission = price.CommissionRate.Of(p.Charged())
	p.ShareItems()
	kind := connector.Sale
	if p.Phase == payment.PhasePreAuthorization {
		kind = connector.Authorize
	}
	o, err := s.operations.New(ctx, *p, kind, a.Command.Actor, c.POS)
	if err != nil {
		return err
	}
	o.Amount, o.Attempt = p.Charged(), a.Operation.Attempt+1
	if p.State == payment.Enrolled {
		o.Status = payment.OperationEnrolled
	}
	if o.Attempt > 1 {
		o.AskID = a.Operation.AskID
	}
	a.Operation = o
	return nil
}

// QueueOperation queues the operation that asks the POS that was chosen last.
func (a *Attempt) QueueOperation(tx payment.Tx) {
	tx.UsePOS(a.POS())
	tx.InsertOperation(a.Operation)
}

// Rerouted tells a caller whose first commit failed because the POS has another
// connector than it was routed by: nothing happened, and the next try is routed anew.
// It leaves other errors as they are.
func Rerouted(err error) error {
	if fault.CodeOf(err) != fault.StaleVersion {
		return err
	}
	return fault.Wrap(fault.Unavailable, fault.ServiceUnavailable, "the POS is being changed; ask again", err)
}

// TriesNext reports whether, after this verdict, another POS is asked.
func (a *Attempt) TriesNext(v payment.Verdict) bool {
	if a.next >= len(a.candidates) {
		return false
	}
	switch v.Status {
	case payment.OperationUnsent:
		return true
	case payment.OperationDeclined:
		a.declines++
		return !a.Command.NoFailover && a.declines < maxDeclines && v.Result.Reason.Soft()
	case payment.OperationOpen, payment.OperationEnrolled, payment.OperationUnknown, payment.OperationApproved, payment.OperationReversed:
	}
	return false
}

// FailOver commits the end of one operation and the beginning of the next.
func (s *Service) FailOver(ctx context.Context, a *Attempt, v payment.Verdict) (err error) {
	ctx, span := operation.Step(ctx, trace.StepFailOver, &a.Payment)
	defer func() { span.Fail(err); span.End() }()
	ended := payment.Settle(a.Payment, a.Operation, v).Operation
	b := *a
	b.Payment.Items = slices.Clone(a.Payment.Items) // a's stay as they are if this fails
	if err := s.ChoosePOS(ctx, &b); err != nil {
		return err
	}
	b.Payment.MarkChanged(s.clock.Now())
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SaveOperation(ended)
		tx.SavePayment(b.Payment)
		tx.SaveItems(b.Payment)
		b.QueueOperation(tx)
	})
	if err != nil {
		return fmt.Errorf("fail over: %w", err)
	}
	b.Payment.Version++
	*a = b
	return nil
}
