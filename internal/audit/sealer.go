package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

const (
	// sealInterval is how often records are sealed.
	sealInterval = time.Minute
	// sealAge is how old a record must be: no commit takes longer than a minute
	// from the time in its record, and no two nodes' clocks are that far apart.
	sealAge = 2 * time.Minute
	// blockSize bounds the records of a block, and page how many are read at once.
	blockSize = 10_000
	page      = 1_000
)

// Sealer chains records into blocks, behind the commits that write them: those
// never wait for it and read nothing for it. Any number of nodes may seal.
type Sealer struct {
	store BlockStore
	key   secret.Bytes
	clock clock.Clock
	log   *slog.Logger
}

// NewSealer returns a Sealer. All nodes need the same key, today and later.
func NewSealer(s BlockStore, key secret.Bytes, c clock.Clock, log *slog.Logger) *Sealer {
	return &Sealer{store: s, key: key, clock: c, log: log}
}

// Run seals now and then until ctx ends.
func (s *Sealer) Run(ctx context.Context) {
	ticker := time.NewTicker(sealInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.Seal(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "audit log not sealed", "error", err.Error())
			}
		}
	}
}

// Seal seals whatever is old enough.
func (s *Sealer) Seal(ctx context.Context) error {
	until := s.clock.Now().Add(-sealAge)
	for after := id.Merchant(0); ; {
		merchants, err := s.store.Unsealed(ctx, after, until, page)
		if err != nil {
			return fmt.Errorf("seal audit log: %w", err)
		}
		if len(merchants) == 0 {
			return nil
		}
		for _, m := range merchants {
			if err := s.merchant(ctx, m, until); err != nil {
				return fmt.Errorf("seal audit log of merchant %d: %w", m, err)
			}
			after = m
		}
	}
}

func (s *Sealer) merchant(ctx context.Context, m id.Merchant, until time.Time) error {
	for {
		head, err := s.store.Head(ctx, m)
		if err != nil {
			return err
		}
		b, err := s.block(ctx, m, head, until)
		if err != nil || b.Records == 0 {
			return err
		}
		err = s.store.SaveBlock(ctx, b)
		if fault.CodeOf(err) == fault.DuplicateKey && err != nil {
			return nil //nolint:nilerr // another node seals
		}
		if err != nil {
			return err
		}
		s.log.InfoContext(ctx, "audit log sealed", "merchant_id", int64(m), "block", b.Number, "records", b.Records,
			"hash", fmt.Sprintf("%x", b.Hash))
	}
}

// block returns the block after head. It ends at its last record, so that the
// next one begins right there.
func (s *Sealer) block(ctx context.Context, m id.Merchant, head Block, until time.Time) (Block, error) {
	b := Block{MerchantID: m, Number: head.Number + 1, From: head.Until, Until: head.Until, SealedAt: s.clock.Now()}
	d := newDigest(s.key, b, head.Hash)
	for b.Records < blockSize {
		records, err := s.store.Between(ctx, m, b.Until, Place{At: until, ID: id.Max}, page)
		if err != nil {
			return b, err
		}
		for _, r := range records {
			d.add(r)
			b.Until = Place{r.At, r.ID}
		}
		b.Records += len(records)
		if len(records) < page {
			break
		}
	}
	b.Hash = d.sum(b.Until, b.Records)
	return b, nil
}
