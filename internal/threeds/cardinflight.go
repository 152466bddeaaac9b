package threeds

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/pos"
)

// cardInFlight is what is kept of a card whose bank wants it once more after the
// payer was authenticated. There is no member for the security code: the payer's
// authentication stands for it, and it never leaves memory.
type cardInFlight struct {
	Number string `json:"number"`
	Month  int    `json:"month"`
	Year   int    `json:"year"`
	Holder string `json:"holder"`
}

// wantsCard reports whether the bank of a POS wants the card once more.
func (s *Service) wantsCard(ctx context.Context, at pos.POS) (bool, error) {
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return false, fmt.Errorf("open POS: %w", err)
	}
	return bank.Capabilities().WantsCard, nil
}

// keepCard keeps the card of a payer who is about to go to the bank, if the bank
// wants it once more; nothing is kept for any other.
func (s *Service) keepCard(ctx context.Context, a *charge.Attempt) error {
	wants, err := s.wantsCard(ctx, a.POS())
	if err != nil || !wants {
		return err
	}
	c := a.Command.Card
	plain, err := json.Marshal(cardInFlight{
		Number: c.PAN.Reveal(), Month: int(c.Expiry.Month), Year: c.Expiry.Year, Holder: c.Holder,
	})
	if err != nil {
		return fmt.Errorf("encode card in flight: %w", err)
	}
	if err := s.inFlight.Keep(ctx, a.Operation.MerchantID, a.Operation.Reference, plain, sessionLife); err != nil {
		return fmt.Errorf("keep card in flight: %w", err)
	}
	return nil
}

// prolongCard keeps the card of a payer who came back for as long as the merchant may
// take to complete the payment. One that is gone is fault.NoSuchThing.
func (s *Service) prolongCard(ctx context.Context, ch challenge) error {
	wants, err := s.wantsCard(ctx, ch.at)
	if err != nil || !wants {
		return err
	}
	plain, err := s.inFlight.Kept(ctx, ch.operation.MerchantID, ch.operation.Reference)
	if err != nil {
		return fmt.Errorf("find card in flight: %w", err)
	}
	if err := s.inFlight.Keep(ctx, ch.operation.MerchantID, ch.operation.Reference, plain, securityKeyLife); err != nil {
		return fmt.Errorf("keep card in flight: %w", err)
	}
	return nil
}

// openCard returns the card that goes with an authenticated charge: the zero Card,
// unless the bank wants it. One that is gone is fault.NoSuchThing.
func (s *Service) openCard(ctx context.Context, ch challenge) (card.Card, error) {
	wants, err := s.wantsCard(ctx, ch.at)
	if err != nil || !wants {
		return card.Card{}, err
	}
	plain, err := s.inFlight.Kept(ctx, ch.operation.MerchantID, ch.operation.Reference)
	if err != nil {
		return card.Card{}, fmt.Errorf("find card in flight: %w", err)
	}
	var kept cardInFlight
	if json.Unmarshal(plain, &kept) != nil {
		return card.Card{}, fault.New(fault.NotFound, fault.NoSuchThing, "the card in flight cannot be read") // the cause may quote it
	}
	pan, err := card.ParsePAN(kept.Number)
	if err != nil {
		return card.Card{}, fault.New(fault.NotFound, fault.NoSuchThing, "the card in flight cannot be read") // as above
	}
	return card.Card{PAN: pan, Expiry: card.Expiry{Year: kept.Year, Month: time.Month(kept.Month)}, Holder: kept.Holder}, nil
}

// forgetCard drops the card of a challenge that is over or that is being charged. What
// cannot be dropped ends by itself.
func (s *Service) forgetCard(ctx context.Context, ch challenge) {
	wants, err := s.wantsCard(ctx, ch.at)
	if err == nil && wants {
		err = s.inFlight.Drop(ctx, ch.operation.MerchantID, ch.operation.Reference)
	}
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "card in flight not dropped", slog.Int64("operation", int64(ch.operation.ID)), slog.Any("error", err))
	}
}
