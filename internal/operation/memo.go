package operation

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/vault"
)

// MemoSubject is what an operation's memo is sealed for.
func MemoSubject(o payment.Operation) vault.Subject {
	return vault.Subject{MerchantID: o.MerchantID, Purpose: vault.PurposeMemo, ID: int64(o.ID)}
}

// SealMemo seals what a connector wants back later; nil for nothing.
func (s *Service) SealMemo(ctx context.Context, about vault.Subject, memo connector.Memo) ([]byte, error) {
	if len(memo) == 0 {
		return nil, nil
	}
	sealed, err := s.sealer.Seal(ctx, about, memo)
	if err != nil {
		return nil, fmt.Errorf("seal memo: %w", err)
	}
	return sealed, nil
}

// OpenMemo opens what SealMemo returned.
func (s *Service) OpenMemo(ctx context.Context, about vault.Subject, sealed []byte) (connector.Memo, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	memo, err := s.sealer.Open(ctx, about, sealed)
	if err != nil {
		return nil, fmt.Errorf("open memo: %w", err)
	}
	return memo, nil
}

// Verdict returns what a bank's answer about an operation makes known, with its memo
// sealed. An approval whose memo cannot be kept is unknown: without the memo the money
// could not be given back, and the inquiry that follows brings it again.
func (s *Service) Verdict(ctx context.Context, o payment.Operation, a connector.Answer) payment.Verdict {
	v := VerdictOf(a, s.clock.Now())
	if a.Outcome != connector.Approved || len(a.Memo) == 0 {
		return v
	}
	sealed, err := s.SealMemo(ctx, MemoSubject(o), a.Memo)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "keep memo of approval", slog.Int64("operation", int64(o.ID)), slog.Any("error", err))
		return VerdictOf(connector.Answer{}, s.clock.Now())
	}
	v.SealedMemo = sealed
	return v
}

// original names, for a bank, what a follow-up is about: among the operations of its
// payment, the charge and its capture. It is empty for a charge.
func (s *Service) original(ctx context.Context, p payment.Payment, o payment.Operation, all []payment.Operation) (connector.Original, error) {
	charge, capture := payment.Followed(o, all)
	if charge == nil {
		return connector.Original{}, nil
	}
	about, err := s.named(ctx, p, *charge)
	if err != nil || capture == nil {
		return about, err
	}
	taken, err := s.named(ctx, p, *capture)
	about.Capture = &taken
	return about, err
}

func (s *Service) named(ctx context.Context, p payment.Payment, o payment.Operation) (connector.Original, error) {
	n := p.Named(o)
	var err error
	if n.Memo, err = s.OpenMemo(ctx, MemoSubject(o), o.SealedMemo); err != nil {
		return connector.Original{}, fmt.Errorf("operation %d: %w", o.ID, err)
	}
	return n, nil
}
