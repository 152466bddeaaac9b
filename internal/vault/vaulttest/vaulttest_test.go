package vaulttest_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// TestSealer holds the sealer to what the tests that use it rely on, as the vault
// is held to it by its own.
func TestSealer(t *testing.T) {
	t.Parallel()
	const secret = "a secret"
	tests := map[string]struct {
		merchant id.Merchant
		purpose  vault.Purpose
		change   func(sealed []byte) []byte
		opens    bool
	}{
		"what_was_sealed_opens":       {7, vault.PurposePOS, bytes.Clone, true},
		"another_merchant_is_refused": {8, vault.PurposePOS, bytes.Clone, false},
		"another_purpose_is_refused":  {7, vault.PurposeCard, bytes.Clone, false},
		"a_cut_value_is_refused":      {7, vault.PurposePOS, func(b []byte) []byte { return b[:len(b)-1] }, false},
		"a_plain_value_is_refused":    {7, vault.PurposePOS, func([]byte) []byte { return []byte(secret) }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sealed, err := vaulttest.Sealer{}.Seal(t.Context(), 7, vault.PurposePOS, []byte(secret))
			if err != nil || bytes.Contains(sealed, []byte(secret)) {
				t.Fatalf("sealed as %q, %v", sealed, err)
			}
			got, err := vaulttest.Sealer{}.Open(t.Context(), tt.merchant, tt.purpose, tt.change(sealed))
			switch {
			case tt.opens && (err != nil || string(got) != secret):
				t.Errorf("opened %q, %v", got, err)
			case !tt.opens && !errors.Is(err, vault.ErrSealed):
				t.Errorf("opened %q, %v, want %v", got, err, vault.ErrSealed)
			}
		})
	}
}
