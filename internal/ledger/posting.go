package ledger

import (
	"errors"
	"fmt"

	"github.com/vezne/vezne/internal/money"
)

// Check reports why a posting may not enter the books: no id or no source, fewer
// than two entries, or entries that do not add up to zero in each currency.
func (p Posting) Check() error {
	if p.ID <= 0 || p.MerchantID <= 0 {
		return fmt.Errorf("posting %d of merchant %d: both are required", p.ID, p.MerchantID)
	}
	if err := p.Source.check(); err != nil {
		return fmt.Errorf("posting %d: %w", p.ID, err)
	}
	if err := balance(p.Entries); err != nil {
		return fmt.Errorf("posting %d of %s: %w", p.ID, p.Source, err)
	}
	return nil
}

var errOneSided = errors.New("fewer than two entries")

// balance reports the first currency in which the entries do not add up to zero.
// Entries are few, so that looking at each pair is cheaper than a map.
func balance(entries []Entry) error {
	if len(entries) < 2 {
		return errOneSided
	}
	for i, first := range entries {
		currency := first.Amount.Currency()
		if seen(entries[:i], currency) {
			continue
		}
		sum := money.Zero(currency)
		for _, e := range entries[i:] {
			if e.Amount.Currency() == currency {
				sum = sum.Add(e.Amount)
			}
		}
		if !sum.IsZero() {
			return fmt.Errorf("off by %s", sum)
		}
	}
	return nil
}

// seen reports whether one of the entries is in the currency.
func seen(entries []Entry, c money.Currency) bool {
	for _, e := range entries {
		if e.Amount.Currency() == c {
			return true
		}
	}
	return false
}
