package vaulttest_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/vezne/vezne/internal/vault"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// TestSealer holds the sealer to what the tests that use it rely on, as the vault
// is held to it by its own.
func TestSealer(t *testing.T) {
	t.Parallel()
	const secret = "a secret"
	mine := vault.Subject{MerchantID: 7, Purpose: vault.PurposePOS, ID: 3, Bound: "x"}
	tests := map[string]struct {
		subject vault.Subject
		change  func(sealed []byte) []byte
		opens   bool
	}{
		"what_was_sealed_opens":       {mine, bytes.Clone, true},
		"another_merchant_is_refused": {vault.Subject{MerchantID: 8, Purpose: vault.PurposePOS, ID: 3, Bound: "x"}, bytes.Clone, false},
		"another_purpose_is_refused":  {vault.Subject{MerchantID: 7, Purpose: vault.PurposeCard, ID: 3, Bound: "x"}, bytes.Clone, false},
		"another_row_is_refused":      {vault.Subject{MerchantID: 7, Purpose: vault.PurposePOS, ID: 4, Bound: "x"}, bytes.Clone, false},
		"another_bond_is_refused":     {vault.Subject{MerchantID: 7, Purpose: vault.PurposePOS, ID: 3, Bound: "y"}, bytes.Clone, false},
		"a_cut_value_is_refused":      {mine, func(b []byte) []byte { return b[:len(b)-1] }, false},
		"a_plain_value_is_refused":    {mine, func([]byte) []byte { return []byte(secret) }, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sealed, err := vaulttest.Sealer{}.Seal(t.Context(), mine, []byte(secret))
			if err != nil || bytes.Contains(sealed, []byte(secret)) {
				t.Fatalf("sealed as %q, %v", sealed, err)
			}
			got, err := vaulttest.Sealer{}.Open(t.Context(), tt.subject, tt.change(sealed))
			switch {
			case tt.opens && (err != nil || string(got) != secret):
				t.Errorf("opened %q, %v", got, err)
			case !tt.opens && !errors.Is(err, vault.ErrSealed):
				t.Errorf("opened %q, %v, want %v", got, err, vault.ErrSealed)
			}
		})
	}
}
