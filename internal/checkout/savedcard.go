package checkout

import (
	"context"
	"fmt"
	"strconv"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/vault"
)

// SavedCard is what a page shows of a card that its customer has kept: whoever has
// the link sees it.
type SavedCard struct {
	// Token names the card towards us, and nobody can charge it with that alone.
	Token  string
	Scheme card.Scheme // empty if its range tells none
	Last4  string
	Expiry card.Expiry
}

// KeepsCards reports whether a card may be kept on the page, and cards that were
// kept are offered: the shopper is a customer with a name, and the merchant has
// not switched it off.
func (v View) KeepsCards() bool {
	return v.CustomerRef != "" && !v.Merchant.Checkout.WithoutSavedCards
}

// SavedCards returns the cards that the shopper may choose from, newest first:
// those of this merchant's customer that are valid now. There are none once the
// checkout does not wait for a card.
func (s *Service) SavedCards(ctx context.Context, v View) ([]SavedCard, error) {
	if v.State != Open || !v.KeepsCards() {
		return nil, nil
	}
	stored, err := s.cards.CustomerCards(ctx, v.MerchantID, v.CustomerRef)
	if err != nil {
		return nil, fmt.Errorf("list saved cards: %w", err)
	}
	all := make([]SavedCard, 0, len(stored))
	for _, c := range stored {
		all = append(all, SavedCard{Token: c.Token, Scheme: card.SchemeOfBIN(c.BIN), Last4: c.Last4, Expiry: c.Expiry()})
	}
	return all, nil
}

// QuoteSaved is Quote for a saved card; one that the customer does not have is
// fault.NoSuchThing.
func (s *Service) QuoteSaved(ctx context.Context, v View, token string) ([]routing.Option, error) {
	c, err := s.savedCard(ctx, v, token)
	if err != nil {
		return nil, err
	}
	return s.Quote(ctx, v.Checkout, c.BIN)
}

// RemoveCard forgets a saved card for good; one that the customer does not have is
// fault.NoSuchThing.
func (s *Service) RemoveCard(ctx context.Context, u id.UUID, token string) error {
	v, err := s.Page(ctx, u)
	if err != nil {
		return err
	}
	c, err := s.savedCard(ctx, v, token)
	if err != nil {
		return err
	}
	record, err := s.auditRecordAbout(ctx, v.Checkout, "card.remove", systemActor, cardSubject(c.ID))
	if err != nil {
		return err
	}
	err = s.store.InTx(context.WithoutCancel(ctx), func(tx Tx) {
		tx.ForgetCard(c.MerchantID, c.ID)
		tx.Record(record)
	})
	if err != nil {
		return fmt.Errorf("remove saved card: %w", err)
	}
	return nil
}

func (s *Service) savedCard(ctx context.Context, v View, token string) (vault.StoredCard, error) {
	if v.State != Open || !v.KeepsCards() {
		return vault.StoredCard{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such card")
	}
	c, err := s.cards.CustomerCard(ctx, v.MerchantID, v.CustomerRef, token)
	if err != nil {
		return vault.StoredCard{}, fmt.Errorf("find saved card: %w", err)
	}
	return c, nil
}

// cardOf returns the card of an attempt: the one that was typed, or the saved one
// with the security code that was typed.
func (s *Service) cardOf(ctx context.Context, v View, a Attempt) (card.Card, error) {
	if a.Saved == "" {
		return a.Card, nil
	}
	c, err := s.savedCard(ctx, v, a.Saved)
	if err != nil {
		return card.Card{}, err
	}
	d, err := s.cards.OpenStored(ctx, c)
	if err != nil {
		return card.Card{}, fmt.Errorf("open saved card: %w", err)
	}
	return card.Card{PAN: d.PAN, Expiry: d.Expiry, Holder: d.Holder, CVV: a.Card.CVV}, nil
}

// keep returns what the commit that begins an attempt queues when the shopper
// wants the card to be kept. It is stored as nobody's, sealed, because the shopper
// may come back from the bank to another node, and the number is known now alone.
func (s *Service) keep(ctx context.Context, v View, a Attempt, c *Checkout) (func(Tx), error) {
	if !a.Save || a.Saved != "" || !v.KeepsCards() {
		return func(Tx) {}, nil
	}
	stored, err := s.cards.NewCard(ctx, vault.Owner{MerchantID: v.MerchantID, CustomerRef: v.CustomerRef},
		vault.Details{PAN: a.Card.PAN, Expiry: a.Card.Expiry, Holder: a.Card.Holder})
	if err != nil {
		return nil, fmt.Errorf("keep card: %w", err)
	}
	c.Keeping = stored.ID
	return func(tx Tx) { tx.AddCard(stored) }, nil
}

// underWay reports whether an attempt has not ended.
func (c Checkout) underWay() bool { return c.State == Authenticating || c.State == Charging }

// settleCard returns what a commit queues about the card that is to be kept: it
// becomes the customer's in the commit that records the payment, and is forgotten
// in the one that ends its attempt in any other way.
func (s *Service) settleCard(ctx context.Context, c *Checkout) (func(Tx), error) {
	kept := c.Keeping
	if kept == 0 || c.underWay() {
		return func(Tx) {}, nil
	}
	c.Keeping = 0
	if c.State != Paid {
		return func(tx Tx) { tx.ForgetCard(c.MerchantID, kept) }, nil
	}
	record, err := s.auditRecordAbout(ctx, *c, "card.save", systemActor, cardSubject(kept))
	if err != nil {
		return nil, err
	}
	owner, customer := c.MerchantID, c.CustomerRef
	return func(tx Tx) {
		tx.GiveCard(owner, kept, customer)
		tx.Record(record)
	}, nil
}

func cardSubject(c id.Card) string { return "card:" + strconv.FormatInt(int64(c), 10) }
