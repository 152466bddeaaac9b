package operation

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
)

// Settle does what payment.Settle does, and fixes how much may be captured of a hold
// that was granted, by the rules of the bank that granted it. If that bank cannot be
// opened now, it is no more than what is held.
func (s *Service) Settle(
	ctx context.Context, p payment.Payment, o payment.Operation, v payment.Verdict,
) payment.Change {
	c := payment.Settle(p, o, v)
	if o.Kind != connector.Authorize || p.State == payment.Authorized || c.Payment.State != payment.Authorized {
		return c
	}
	rules, err := s.rules(ctx, o)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "read capture limit of hold",
			slog.Int64("operation", int64(o.ID)), slog.Any("error", err))
		return c
	}
	c.Payment.CaptureLimit = rules.CaptureLimit(o.Amount)
	return c
}

// rules are those of the bank that an operation asks.
func (s *Service) rules(ctx context.Context, o payment.Operation) (connector.Rules, error) {
	at, err := s.POS(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return connector.Rules{}, fmt.Errorf("find POS: %w", err)
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return connector.Rules{}, fmt.Errorf("open POS: %w", err)
	}
	return bank.Rules(), nil
}

// ByBooks is the verdict about an operation that no bank is asked for.
func ByBooks(at time.Time) payment.Verdict {
	return VerdictOf(connector.Answer{Outcome: connector.Approved}, at)
}
