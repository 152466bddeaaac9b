package audit_test

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// memory is a BlockStore whose rows anybody can change, as whoever has a database
// can. The real ones are tested in sqlstore.
type memory struct {
	records []audit.Record
	blocks  []audit.Block
}

func (s *memory) merchants(after id.Merchant, has func(id.Merchant) bool, limit int) []id.Merchant {
	var all []id.Merchant
	for m := after + 1; m < 10 && len(all) < limit; m++ {
		if has(m) {
			all = append(all, m)
		}
	}
	return all
}

func (s *memory) Unsealed(ctx context.Context, after id.Merchant, until time.Time, limit int) ([]id.Merchant, error) {
	return s.merchants(after, func(m id.Merchant) bool {
		head, err := s.Head(ctx, m)
		left, _ := s.Between(ctx, m, head.Until, audit.Place{At: until, ID: id.Max}, 1)
		return err == nil && len(left) > 0
	}, limit), nil
}

func (s *memory) Sealed(_ context.Context, after id.Merchant, limit int) ([]id.Merchant, error) {
	return s.merchants(after, func(m id.Merchant) bool {
		return slices.ContainsFunc(s.blocks, func(b audit.Block) bool { return b.MerchantID == m })
	}, limit), nil
}

func (s *memory) Head(ctx context.Context, m id.Merchant) (audit.Block, error) {
	all, err := s.Blocks(ctx, m, 0, 1000)
	if len(all) == 0 {
		return audit.Block{}, err
	}
	return all[len(all)-1], nil
}

func compare(a, b audit.Place) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }

func (s *memory) Between(_ context.Context, m id.Merchant, from, until audit.Place, limit int) ([]audit.Record, error) {
	var all []audit.Record
	for _, r := range s.records {
		at := audit.Place{At: r.At, ID: r.ID}
		if r.MerchantID == m && compare(at, from) > 0 && compare(at, until) <= 0 && len(all) < limit {
			all = append(all, r)
		}
	}
	return all, nil
}

func (s *memory) SaveBlock(_ context.Context, b audit.Block) error {
	if slices.ContainsFunc(s.blocks, func(o audit.Block) bool { return o.MerchantID == b.MerchantID && o.Number == b.Number }) {
		return fault.New(fault.Conflict, fault.DuplicateKey, "taken")
	}
	s.blocks = append(s.blocks, b)
	return nil
}

func (s *memory) Blocks(_ context.Context, m id.Merchant, after int64, limit int) ([]audit.Block, error) {
	var all []audit.Block
	for _, b := range s.blocks {
		if b.MerchantID == m && b.Number > after && len(all) < limit {
			all = append(all, b)
		}
	}
	return all, nil
}

// keyed returns a sealer of a store.
func keyed(s audit.BlockStore, c clock.Clock, key byte) *audit.Sealer {
	return audit.NewSealer(s, secret.New(append(make([]byte, 31), key)), c, slog.New(slog.DiscardHandler))
}

// sealedLog returns a log of two merchants: three blocks of two records each of
// the first, one of the second, and one record of the first that is not sealed.
func sealedLog(t *testing.T) (*memory, *audit.Sealer, *clock.Manual) {
	t.Helper()
	store, now := &memory{}, clock.NewManual(epoch)
	sealer := keyed(store, now, 1)
	n := id.AuditRecord(0)
	add := func(m id.Merchant) {
		n++
		store.records = append(store.records, audit.Record{
			ID: n, MerchantID: m, At: now.Now(), Actor: "user:1", Action: "pos.update", Subject: "pos:" + strconv.Itoa(int(n)), Detail: []byte(`{"n":1}`),
		})
	}
	for block := range 3 {
		add(1)
		add(1)
		if block == 0 {
			add(2)
		}
		now.Advance(10 * time.Minute)
		if err := sealer.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	return store, sealer, now
}

// verified returns the findings of a check by merchant.
func verified(t *testing.T, s *audit.Sealer, noted audit.Heads) map[id.Merchant]audit.Finding {
	t.Helper()
	all := map[id.Merchant]audit.Finding{}
	if err := s.Verify(t.Context(), noted, func(f audit.Finding) { all[f.MerchantID] = f }); err != nil {
		t.Fatal(err)
	}
	return all
}

func headsOf(found map[id.Merchant]audit.Finding) audit.Heads {
	heads := audit.Heads{}
	for m, f := range found {
		heads[m] = audit.Head{Number: f.Head.Number, Hash: f.Head.Hash}
	}
	return heads
}
