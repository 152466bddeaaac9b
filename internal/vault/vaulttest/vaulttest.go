// Package vaulttest gives tests a sealer that needs no keys and no database.
package vaulttest

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault"
)

// Sealer is a vault.Sealer that keeps merchants and purposes apart as the vault
// does, and nothing secret: it writes whose a value is before it, and the value
// in hexadecimal, so that what was sealed does not stand there as it was. It is
// safe for concurrent use.
type Sealer struct{}

// Seal never fails.
func (Sealer) Seal(_ context.Context, m id.Merchant, p vault.Purpose, plain []byte) ([]byte, error) {
	return hex.AppendEncode(owner(m, p), plain), nil
}

// Open returns what was sealed for the merchant and purpose. Anything else is
// vault.ErrSealed.
func (Sealer) Open(_ context.Context, m id.Merchant, p vault.Purpose, sealed []byte) ([]byte, error) {
	text, ok := bytes.CutPrefix(sealed, owner(m, p))
	if !ok {
		return nil, fmt.Errorf("open %s: %w", p, vault.ErrSealed)
	}
	plain, err := hex.AppendDecode(nil, text)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p, vault.ErrSealed)
	}
	return plain, nil
}

func owner(m id.Merchant, p vault.Purpose) []byte { return fmt.Appendf(nil, "%d/%s/", m, p) }
