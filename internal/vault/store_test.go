package vault_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault"
)

// memory is a vault.Store in memory that also reserves ids.
type memory struct {
	mu    sync.Mutex
	keys  map[id.Merchant][]vault.DataKey
	cards map[string]vault.StoredCard
	next  int64
	reads int
}

func newMemory() *memory {
	return &memory{keys: map[id.Merchant][]vault.DataKey{}, cards: map[string]vault.StoredCard{}, next: 1}
}

func (s *memory) DataKeys(_ context.Context, m id.Merchant) ([]vault.DataKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return slices.Clone(s.keys[m]), nil
}

func (s *memory) AddDataKey(_ context.Context, k vault.DataKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.keys[k.MerchantID] {
		if o.Number == k.Number {
			return fault.New(fault.Conflict, fault.DuplicateKey, "data key exists")
		}
	}
	s.keys[k.MerchantID] = append(s.keys[k.MerchantID], k)
	return nil
}

func (s *memory) AddCard(_ context.Context, c vault.StoredCard) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cards[c.Token] = c
	return nil
}

func (s *memory) CardByToken(_ context.Context, m id.Merchant, token string) (vault.StoredCard, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.cards[token]
	if !ok || c.MerchantID != m {
		return vault.StoredCard{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such card")
	}
	return c, nil
}

func (s *memory) CustomerCards(
	_ context.Context, m id.Merchant, customerRef string, valid card.Expiry,
) ([]vault.StoredCard, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []vault.StoredCard
	for _, c := range s.cards {
		if c.MerchantID == m && c.CustomerRef == customerRef &&
			c.ExpiryYear*12+c.ExpiryMonth >= valid.Year*12+int(valid.Month) {
			found = append(found, c)
		}
	}
	return found, nil
}

func (s *memory) DeleteCard(_ context.Context, m id.Merchant, c id.Card) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, o := range s.cards {
		if o.MerchantID == m && o.ID == c {
			delete(s.cards, token)
		}
	}
	return nil
}

func (s *memory) Reserve(_ context.Context, _ id.Noun, n int) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.next
	s.next += int64(n)
	return first, nil
}

// start is when every test begins.
func start() time.Time { return time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC) }

func newKeyset(tb testing.TB) *vault.Keyset {
	tb.Helper()
	k, err := vault.NewKeyset(vault.Demo)
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// newNode returns a vault as one process has it.
func newNode(s *memory, k *vault.Keyset) *vault.Vault {
	return vault.New(vault.Options{
		Keyset: k, Store: s, IDs: id.NewGenerator(s), Clock: clock.NewManual(start()),
	})
}
