package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/payment"
)

// Detail is a payment with everything that is known about it.
type Detail struct {
	Payment    payment.Payment
	Operations []payment.Operation
	Postings   []ledger.Posting
}

// Find returns a merchant's payment; any other is fault.NoSuchThing.
func (s *Service) Find(ctx context.Context, m id.Merchant, u id.UUID) (payment.Payment, error) {
	p, err := s.store.Payment(ctx, m, u)
	if err != nil {
		return payment.Payment{}, fmt.Errorf("find payment: %w", err)
	}
	return p, nil
}

// List returns a page of a merchant's payments, newest first, and the cursor of
// the next page, empty at the end.
func (s *Service) List(ctx context.Context, m id.Merchant, f payment.Filter) ([]payment.Payment, string, error) {
	page, next, err := s.store.Payments(ctx, m, f)
	if err != nil {
		return nil, "", fmt.Errorf("list payments: %w", err)
	}
	return page, next, nil
}

// MaxRefunds is how many refunds of a payment are told: a payment may have thousands,
// each of a few kuruş, and an answer has an end.
const MaxRefunds = 100

// Refunds returns what was asked to be given back of a merchant's payment, newest
// first, at most MaxRefunds.
func (s *Service) Refunds(ctx context.Context, m id.Merchant, p id.Payment) ([]payment.Refund, error) {
	// Two for each: a refund has at most two attempts (operation.Service.Turn).
	operations, err := s.store.RefundOperations(ctx, m, p, 2*MaxRefunds)
	if err != nil {
		return nil, fmt.Errorf("read refunds: %w", err)
	}
	return payment.RefundsOf(operations, MaxRefunds), nil
}

// Detail returns a merchant's payment with its operations and ledger postings.
func (s *Service) Detail(ctx context.Context, m id.Merchant, u id.UUID) (Detail, error) {
	p, err := s.Find(ctx, m, u)
	if err != nil {
		return Detail{}, err
	}
	operations, err := s.store.Operations(ctx, m, p.ID)
	if err != nil {
		return Detail{}, fmt.Errorf("read operations: %w", err)
	}
	postings, err := s.store.Postings(ctx, m, p.ID)
	if err != nil {
		return Detail{}, fmt.Errorf("read postings: %w", err)
	}
	return Detail{Payment: p, Operations: operations, Postings: postings}, nil
}
