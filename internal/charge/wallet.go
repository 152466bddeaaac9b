package charge

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
)

// payFromWallet carries out a sale of which a wallet pays everything: in one commit,
// for there is no bank to be asked, with the claims of its key and its order, its
// operation, posting, event and audit record like any other.
//
// The posting debits the buyer's wallet, which is all that is said of its balance as
// yet. The movement of the wallet, on the condition that there is so much in it, joins
// this commit with the noun that keeps balances, and so do those of refunds and voids.
func (s *Service) payFromWallet(ctx context.Context, c Pay) (payment.Outcome, error) {
	a, err := s.prepareFromWallet(ctx, c)
	if err != nil {
		return s.refused(ctx, c.Caller, err)
	}
	done := payment.Settle(a.Payment, a.Operation, operation.ByBooks(a.Payment.CreatedAt))
	sequel, err := s.operations.Sequel(ctx, done, c.Actor)
	if err != nil {
		return payment.Outcome{}, err
	}
	done.Payment.Version++ // which its event has, as if it had been pending before
	a.Payment, a.Operation = done.Payment, done.Operation
	replay, err := s.commitFirst(ctx, a, func(tx payment.Tx) {
		tx.InsertPayment(a.Payment)
		tx.InsertOperation(a.Operation)
		sequel(tx)
	})
	if replay != nil || err != nil {
		return replay.Value(), err
	}
	return payment.Outcome{Payment: a.Payment, Operation: a.Operation}, nil
}

// prepareFromWallet checks the command and builds its payment and operation.
func (s *Service) prepareFromWallet(ctx context.Context, c Pay) (*Attempt, error) {
	if err := c.check(s.clock.Now()); err != nil {
		return nil, err
	}
	if err := c.checkAgreed(c.total()); err != nil {
		return nil, err
	}
	p, err := s.newPayment(ctx, c)
	if err != nil {
		return nil, err
	}
	p.ShareItems()
	o, err := s.operations.New(ctx, p, connector.Sale, c.Actor, pos.POS{})
	if err != nil {
		return nil, err
	}
	o.Amount = p.Due()
	return &Attempt{Command: c, Payment: p, Operation: o}, nil
}

// checkWallet tells what is wrong with the part that a wallet pays.
func (c Pay) checkWallet(wrong func(name string, code fault.FieldCode, message string)) {
	total := c.total()
	switch {
	case c.Wallet.IsZero():
	case c.Wallet.Currency() != total.Currency():
		wrong("wallet", fault.FieldInvalid, "must be in the payment's currency")
	case c.Wallet.IsNegative() || c.Wallet.Cmp(total) > 0:
		wrong("wallet", fault.FieldOutOfRange, "must be between zero and what is paid")
	case !c.byWallet():
	case c.BuyerID == 0:
		wrong("buyer", fault.FieldRequired, "is required: it is whose wallet pays")
	case c.Phase != payment.PhaseSale:
		wrong("wallet", fault.FieldInvalid, "can be charged, and nothing be held in it")
	case c.Installments > 1:
		wrong("installmentCount", fault.FieldInvalid, "must be 1 where a wallet pays everything")
	case !c.Card.PAN.IsZero():
		wrong("pan", fault.FieldInvalid, "must be left out where a wallet pays everything")
	}
}
