package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// dataKeyLen is the length of a data key and of the keys derived from it: 256
// bits, for AES-256 and HMAC-SHA256.
const dataKeyLen = 32

// What each key derived from a data key (RFC 5869) is for. A data key itself
// encrypts nothing, so that sealing and fingerprints never share a key.
const (
	sealInfo        = "vezne seal 1"
	fingerprintInfo = "vezne card fingerprint 1"
)

// ring is a merchant's opened data keys. It is immutable.
type ring struct {
	keys        map[uint32]sealingKey
	newest      sealingKey
	fingerprint []byte
}

// sealingKey seals under one data key. Nonces are random, which NIST SP 800-38D,
// section 8.3, allows for 2^32 values under one key.
type sealingKey struct {
	number uint32
	aead   cipher.AEAD
}

// RotateDataKey adds a data key to the merchant; new values are sealed under it
// at once on this node, and on others when they next read the merchant's keys.
// Older values and all fingerprints stay as they are.
func (v *Vault) RotateDataKey(ctx context.Context, m id.Merchant) error {
	r, err := v.loadRing(ctx, m)
	if err != nil {
		return fmt.Errorf("rotate data key: %w", err)
	}
	err = v.addDataKey(ctx, m, int(r.newest.number)+1)
	if err != nil && !errors.Is(err, errDuplicate) { // another node rotated just now, which is as good
		return fmt.Errorf("rotate data key: %w", err)
	}
	v.rings.Invalidate(m)
	return nil
}

// key returns one of the merchant's keys. A number that memory does not know may
// be a key that another node has just added.
func (v *Vault) key(ctx context.Context, m id.Merchant, number uint32) (sealingKey, error) {
	r, err := v.ring(ctx, m)
	if err != nil {
		return sealingKey{}, err
	}
	if k, ok := r.keys[number]; ok {
		return k, nil
	}
	if r, err = v.loadRing(ctx, m); err != nil {
		return sealingKey{}, err
	}
	k, ok := r.keys[number]
	if !ok {
		return sealingKey{}, ErrSealed
	}
	return k, nil
}

func (v *Vault) ring(ctx context.Context, m id.Merchant) (*ring, error) {
	if r, ok := v.rings.GetIfPresent(m); ok {
		return r, nil
	}
	return v.loadRing(ctx, m)
}

// loadRing reads and opens the merchant's keys, making the first if there is
// none. Callers that do this at the same time all end up with the key that the
// store accepted.
func (v *Vault) loadRing(ctx context.Context, m id.Merchant) (*ring, error) {
	stored, err := v.store.DataKeys(ctx, m)
	if err == nil && len(stored) == 0 {
		if err = v.addDataKey(ctx, m, 1); err == nil || errors.Is(err, errDuplicate) {
			stored, err = v.store.DataKeys(ctx, m)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("data keys of merchant %d: %w", m, err)
	}
	r, err := v.openRing(m, stored)
	if err != nil {
		return nil, fmt.Errorf("data keys of merchant %d: %w", m, err)
	}
	v.rings.Set(m, r)
	return r, nil
}

func (v *Vault) openRing(m id.Merchant, stored []DataKey) (*ring, error) {
	r := &ring{keys: make(map[uint32]sealingKey, len(stored))}
	for _, d := range stored {
		raw, err := v.keyset.aead.Decrypt(d.Sealed, dataKeyData(m, d.Number))
		if err != nil || len(raw) != dataKeyLen || d.Number < 1 || d.Number > math.MaxUint32 {
			return nil, ErrDataKey
		}
		k, err := newSealingKey(uint32(d.Number), raw)
		if err != nil {
			return nil, err
		}
		r.keys[k.number] = k
		if k.number > r.newest.number {
			r.newest = k
		}
		if k.number == 1 {
			if r.fingerprint, err = hkdf.Key(sha256.New, raw, nil, fingerprintInfo, dataKeyLen); err != nil {
				return nil, err
			}
		}
		clear(raw)
	}
	if r.fingerprint == nil { // the first key is never removed: fingerprints hang on it
		return nil, ErrDataKey
	}
	return r, nil
}

func newSealingKey(number uint32, raw []byte) (sealingKey, error) {
	derived, err := hkdf.Key(sha256.New, raw, nil, sealInfo, dataKeyLen)
	if err != nil {
		return sealingKey{}, err
	}
	defer clear(derived)
	a, err := newAEAD(derived)
	return sealingKey{number: number, aead: a}, err
}

// newAEAD returns AES-GCM that draws its nonces itself and puts them before the
// ciphertext.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// errDuplicate matches the store's answer to a key number that exists.
var errDuplicate = fault.New(fault.Conflict, fault.DuplicateKey, "")

func (v *Vault) addDataKey(ctx context.Context, m id.Merchant, number int) error {
	raw := make([]byte, dataKeyLen)
	defer clear(raw)
	_, _ = rand.Read(raw) // crypto/rand.Read never fails since Go 1.24
	sealed, err := v.keyset.aead.Encrypt(raw, dataKeyData(m, number))
	if err != nil {
		return fmt.Errorf("seal data key: %w", err)
	}
	return v.store.AddDataKey(ctx, DataKey{
		MerchantID: m, Number: number, Sealed: sealed, CreatedAt: v.clock.Now(),
	})
}

// dataKeyData binds a sealed data key to its merchant and number.
func dataKeyData(m id.Merchant, number int) []byte {
	b := []byte("vezne data key 1")
	b = binary.BigEndian.AppendUint64(b, uint64(m))         //nolint:gosec // ids are positive
	return binary.BigEndian.AppendUint64(b, uint64(number)) //nolint:gosec // numbers are positive
}
