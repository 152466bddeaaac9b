package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

// Quote asks which installments a card may have for an amount.
type Quote struct {
	MerchantID id.Merchant
	Amount     money.Amount
	// BINDigits are 6 to 8 leading digits of the card.
	BINDigits string
	POSAlias  string // empty for any
	Terms     routing.Terms
}

// Offer returns the installments that a card may have, counts ascending from 2,
// each at the price that Pay and Enrol will charge for it. A single payment is
// always possible and not listed.
func (s *Service) Offer(ctx context.Context, q Quote) ([]routing.Option, error) {
	if !q.Amount.IsPositive() {
		return nil, fault.Validation(fault.Field{Name: "amount", Code: fault.FieldOutOfRange, Message: "must be greater than zero"})
	}
	table, err := s.tables.Table(ctx, q.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("load routing table: %w", err)
	}
	info, err := s.bins.Lookup(ctx, q.MerchantID, q.BINDigits)
	if err != nil {
		return nil, fmt.Errorf("look up BIN: %w", err)
	}
	return routing.Offer(*table, routing.Request{
		Amount: q.Amount, BINDigits: q.BINDigits, BIN: info, POSAlias: q.POSAlias,
		At: s.clock.Now(), Seed: quoteSeed(q.MerchantID, q.BINDigits, q.Amount),
	}, q.Terms, s.banks.Healthy), nil
}
