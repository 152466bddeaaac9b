// Package vaulttest gives tests a sealer that needs no keys and no database.
package vaulttest

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/vezne/vezne/internal/vault"
)

// Sealer is a vault.Sealer that keeps subjects apart as the vault
// does, and nothing secret: it writes whose a value is before it, and the value
// in hexadecimal, so that what was sealed does not stand there as it was. It is
// safe for concurrent use.
type Sealer struct{}

// Seal never fails.
func (Sealer) Seal(_ context.Context, s vault.Subject, plain []byte) ([]byte, error) {
	return hex.AppendEncode(owner(s), plain), nil
}

// Open returns what was sealed for the subject. Anything else is vault.ErrSealed.
func (Sealer) Open(_ context.Context, s vault.Subject, sealed []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(sealed, owner(s))
	if !ok {
		return nil, fmt.Errorf("open %s: %w", s.Purpose, vault.ErrSealed)
	}
	plain, err := hex.AppendDecode(nil, text)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.Purpose, vault.ErrSealed)
	}
	return plain, nil
}

func owner(s vault.Subject) []byte {
	return fmt.Appendf(nil, "%d/%s/%d/%q/", s.MerchantID, s.Purpose, s.ID, s.Bound)
}
