// Package ephemeral keeps short-lived secrets, such as the cards of payers who are
// at their bank: sealed, for minutes, in the memory of one process or in Redis,
// and nowhere else. Its Buckets share the counts of limits through that Redis.
package ephemeral

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault"
)

// Store keeps values for a while. Implementations are safe for concurrent use.
type Store interface {
	// Put keeps a value, in place of an earlier one of the key.
	Put(ctx context.Context, key string, value []byte, life time.Duration) error
	// Get returns a value, and ErrGone when there is none.
	Get(ctx context.Context, key string) ([]byte, error)
	// Delete forgets a value; one that is gone is no error.
	Delete(ctx context.Context, key string) error
}

// ErrGone is a value that was never kept, has outlived its time, or was deleted.
var ErrGone = errors.New("the value is gone")

// errForeign is a value that was sealed under another key than it was found by:
// somebody who may write to the store has moved it.
var errForeign = errors.New("the value belongs to another key")

// Secrets seals what goes into a Store. What is sealed names its key and its end,
// so that whoever may write to the store can neither swap two values nor bring
// back one that has ended. It is safe for concurrent use.
type Secrets struct {
	store  Store
	sealer vault.Sealer
	clock  clock.Clock
}

// New returns a Secrets.
func New(s Store, sealer vault.Sealer, c clock.Clock) *Secrets {
	return &Secrets{store: s, sealer: sealer, clock: c}
}

// Keep keeps a secret of a merchant under a key of the caller's choice, which is
// no secret, in place of an earlier one of that key. A store that does not answer is
// fault.Unavailable.
func (s *Secrets) Keep(ctx context.Context, m id.Merchant, key string, plain []byte, life time.Duration) error {
	sealed, err := s.sealer.Seal(ctx, subject(m), bind(key, s.clock.Now().Add(life), plain))
	if err != nil {
		return fmt.Errorf("seal ephemeral secret: %w", err)
	}
	if err := s.store.Put(ctx, name(m, key), sealed, life); err != nil {
		return away(fmt.Errorf("keep ephemeral secret: %w", err))
	}
	return nil
}

// subject is what secrets are sealed for; each names its key and its end itself.
func subject(m id.Merchant) vault.Subject {
	return vault.Subject{MerchantID: m, Purpose: vault.PurposeEphemeral}
}

// Kept returns a secret that is kept. One that is gone, and one that was tampered
// with, is fault.NoSuchThing; a store that does not answer is fault.Unavailable.
func (s *Secrets) Kept(ctx context.Context, m id.Merchant, key string) ([]byte, error) {
	sealed, err := s.store.Get(ctx, name(m, key))
	if errors.Is(err, ErrGone) {
		return nil, gone(err)
	}
	if err != nil {
		return nil, away(fmt.Errorf("read ephemeral secret: %w", err))
	}
	bound, err := s.sealer.Open(ctx, subject(m), sealed)
	if errors.Is(err, vault.ErrSealed) {
		return nil, gone(err)
	}
	if err != nil {
		return nil, fmt.Errorf("open ephemeral secret: %w", err)
	}
	plain, until, err := unbind(key, bound)
	if err != nil {
		return nil, gone(err)
	}
	if !s.clock.Now().Before(until) {
		return nil, gone(ErrGone)
	}
	return plain, nil
}

// Drop forgets a secret; one that is gone is no error. A store that does not answer
// is fault.Unavailable.
func (s *Secrets) Drop(ctx context.Context, m id.Merchant, key string) error {
	if err := s.store.Delete(ctx, name(m, key)); err != nil {
		return away(fmt.Errorf("drop ephemeral secret: %w", err))
	}
	return nil
}

// away is a breakdown of the store that is expected to pass.
func away(cause error) error {
	return fault.Wrap(fault.Unavailable, fault.ServiceUnavailable, "the store of short-lived secrets is away", cause)
}

func gone(cause error) error {
	return fault.Wrap(fault.NotFound, fault.NoSuchThing, "the secret is gone", cause)
}

// name keeps merchants apart.
func name(m id.Merchant, key string) string { return strconv.FormatInt(int64(m), 10) + ":" + key }

// bind puts the end, in microseconds since 1970, the key's length and the key
// before a secret.
func bind(key string, until time.Time, plain []byte) []byte {
	bound := binary.BigEndian.AppendUint64(nil, uint64(until.UnixMicro()))
	bound = binary.BigEndian.AppendUint32(bound, uint32(len(key))) //nolint:gosec // a few bytes
	return append(append(bound, key...), plain...)
}

func unbind(key string, bound []byte) ([]byte, time.Time, error) {
	const head = 8 + 4
	if len(bound) < head || binary.BigEndian.Uint32(bound[8:]) != uint32(len(key)) || //nolint:gosec // as above
		len(bound) < head+len(key) || string(bound[head:head+len(key)]) != key {
		return nil, time.Time{}, errForeign
	}
	until := time.UnixMicro(int64(binary.BigEndian.Uint64(bound))) //nolint:gosec // what bind wrote
	return bound[head+len(key):], until, nil
}
