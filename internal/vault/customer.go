package vault

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// CustomerCards returns the cards of a merchant's customer that are valid now,
// newest first, MaxCustomerCards at most. Nobody has none.
func (v *Vault) CustomerCards(ctx context.Context, m id.Merchant, customerRef string) ([]StoredCard, error) {
	if customerRef == "" {
		return nil, nil
	}
	now := v.clock.Now().UTC()
	all, err := v.store.CustomerCards(ctx, m, customerRef, card.Expiry{Year: now.Year(), Month: now.Month()})
	if err != nil {
		return nil, fmt.Errorf("list cards of customer: %w", err)
	}
	return all, nil
}

// CustomerCard returns the card of a merchant's customer behind the token. Any
// other card, an expired one too, is fault.NoSuchThing.
func (v *Vault) CustomerCard(ctx context.Context, m id.Merchant, customerRef, token string) (StoredCard, error) {
	c, err := v.store.CardByToken(ctx, m, token)
	if err == nil && (customerRef == "" || c.CustomerRef != customerRef || c.Expiry().Past(v.clock.Now())) {
		err = fault.New(fault.NotFound, fault.NoSuchThing, "no such card")
	}
	if err != nil {
		return StoredCard{}, fmt.Errorf("find card of customer: %w", err)
	}
	return c, nil
}
