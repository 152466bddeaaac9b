package vault

import (
	"crypto/cipher"
	"io/fs"

	"github.com/vezne/vezne/internal/id"
)

// SealDataKey lets tests put a known data key into a store.
func SealDataKey(k *Keyset, m id.Merchant, number int, raw []byte) ([]byte, error) {
	return k.aead.Encrypt(raw, dataKeyData(m, number))
}

// NewAEAD lets tests run published vectors through the very cipher in use.
func NewAEAD(key []byte) (cipher.AEAD, error) { return newAEAD(key) }

// MAC lets tests run published vectors through the fingerprint's MAC.
func MAC(key, message []byte) []byte { return mac(key, message) }

// ExposedMode lets tests try modes of files that root lends, without being root.
func ExposedMode(perm fs.FileMode, lent bool) bool { return exposed(perm, lent) }
