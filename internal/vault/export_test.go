package vault

import (
	"crypto/cipher"
	"io/fs"
	"time"

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

// SetStores lets tests stand between a Rotator and what it reads and writes.
func (r *Rotator) SetStores(values SealedStore, rotations RotationStore) {
	r.values, r.rotations = values, rotations
}

// SetGrace lets tests of a Rotator settle for longer.
func (r *Rotator) SetGrace(d time.Duration) { r.grace = d }
