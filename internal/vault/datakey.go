package vault

import (
	"bytes"
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

// FingerprintNumber is the number under which a merchant's fingerprint key stands
// among the data keys once the first data key, from which it was derived, is gone.
const FingerprintNumber = 0

// Ring is a merchant's opened data keys. It is immutable.
type Ring struct {
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

// key returns one of the merchant's keys. A number that memory does not know may
// be a key that another node has just added.
func (v *Vault) key(ctx context.Context, m id.Merchant, number uint32) (sealingKey, error) {
	r, err := v.rings.Get(ctx, m)
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

// loadRing reads and opens the merchant's keys, making the first if there is
// none. Callers that do this at the same time all end up with the key that the
// store accepted.
func (v *Vault) loadRing(ctx context.Context, m id.Merchant) (*Ring, error) {
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
	return r, nil
}

func (v *Vault) openRing(m id.Merchant, stored []DataKey) (*Ring, error) {
	r := &Ring{keys: make(map[uint32]sealingKey, len(stored))}
	for _, d := range stored {
		raw, err := v.openDataKey(m, d)
		if err != nil {
			return nil, err
		}
		err = r.add(uint32(d.Number), raw) //nolint:gosec // openDataKey has looked
		clear(raw)
		if err != nil {
			return nil, err
		}
	}
	if r.fingerprint == nil || r.newest.aead == nil {
		return nil, ErrDataKey
	}
	return r, nil
}

// openDataKey returns a data key itself. A key that no key of the keyset has
// sealed tells its number, which is what the operator has to look for.
func (v *Vault) openDataKey(m id.Merchant, d DataKey) ([]byte, error) {
	k := v.Keyset()
	raw, err := k.aead.Decrypt(d.Sealed, dataKeyData(m, d.Number))
	if err == nil && len(raw) == dataKeyLen && d.Number >= FingerprintNumber && d.Number <= math.MaxUint32 {
		return raw, nil
	}
	if under := SealedUnder(d.Sealed); !k.Holds(under) {
		return nil, fmt.Errorf("%w: it is sealed under key %d and the keyset holds %d", ErrDataKey, under, k.KeyIDs())
	}
	return nil, ErrDataKey
}

// add takes an opened key in. The fingerprint key is that of the merchant's first
// data key, whether that is still there or not.
func (r *Ring) add(number uint32, raw []byte) error {
	if number == FingerprintNumber {
		r.fingerprint = bytes.Clone(raw)
		return nil
	}
	k, err := newSealingKey(number, raw)
	if err != nil {
		return err
	}
	r.keys[number] = k
	if number > r.newest.number {
		r.newest = k
	}
	if number == 1 && r.fingerprint == nil {
		r.fingerprint, err = hkdf.Key(sha256.New, raw, nil, fingerprintInfo, dataKeyLen)
	}
	return err
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
	d, err := v.sealDataKey(m, number, raw)
	if err != nil {
		return err
	}
	return v.store.AddDataKey(ctx, d)
}

// sealDataKey seals a data key under the primary key of the keyset.
func (v *Vault) sealDataKey(m id.Merchant, number int, raw []byte) (DataKey, error) {
	sealed, err := v.Keyset().aead.Encrypt(raw, dataKeyData(m, number))
	if err != nil {
		return DataKey{}, fmt.Errorf("seal data key: %w", err)
	}
	return DataKey{MerchantID: m, Number: number, Sealed: sealed, CreatedAt: v.clock.Now()}, nil
}

// dataKeyData binds a sealed data key to its merchant and number.
func dataKeyData(m id.Merchant, number int) []byte {
	b := []byte("vezne data key 1")
	b = binary.BigEndian.AppendUint64(b, uint64(m))         //nolint:gosec // ids are positive
	return binary.BigEndian.AppendUint64(b, uint64(number)) //nolint:gosec // numbers are not negative
}
