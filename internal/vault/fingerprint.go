package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
)

// Fingerprint returns the keyed hash of a card number: HMAC-SHA256 under a key
// derived from the merchant's first data key, in unpadded base64url. It stays
// the same for ever, through every rotation (docs/adr/0011), and without the key
// nobody can try numbers against it.
func (v *Vault) Fingerprint(ctx context.Context, m id.Merchant, p card.PAN) (string, error) {
	if p.IsZero() {
		return "", fmt.Errorf("fingerprint: %w", ErrNoCard)
	}
	r, err := v.rings.Get(ctx, m)
	if err != nil {
		return "", fmt.Errorf("fingerprint: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(mac(r.fingerprint, []byte(p.Reveal()))), nil
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write(message) // a hash never fails
	return h.Sum(nil)
}
