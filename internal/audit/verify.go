package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vezne/vezne/internal/id"
)

// Finding is what a check of a merchant's log found.
type Finding struct {
	MerchantID id.Merchant
	// Head is the newest block; whoever has noted it down can tell later whether
	// blocks were cut off the end.
	Head    Block
	Records int64
	// Broken are the numbers of blocks that do not agree with the records or with
	// the block before.
	Broken []int64
	// Cut says that the block which was noted down is gone or another one now.
	Cut bool
}

// Whole reports whether nothing is wrong.
func (f Finding) Whole() bool { return len(f.Broken) == 0 && !f.Cut }

// Heads are the newest blocks of merchants as an earlier check found them.
type Heads map[id.Merchant]Head

// Head says which block was a merchant's newest, kept apart from the database: a
// chain tells nothing of blocks that were cut off its end.
type Head struct {
	Number int64
	Hash   [32]byte
}

// Verify checks all sealed records and tells found of each merchant that has
// blocks now or had when the heads were noted.
func (s *Sealer) Verify(ctx context.Context, noted Heads, found func(Finding)) error {
	missing := maps.Clone(noted)
	for after := id.Merchant(0); ; {
		merchants, err := s.store.Sealed(ctx, after, page)
		if err != nil {
			return fmt.Errorf("verify audit log: %w", err)
		}
		if len(merchants) == 0 {
			break
		}
		for _, m := range merchants {
			f, err := s.verify(ctx, m, noted[m])
			if err != nil {
				return fmt.Errorf("verify audit log of merchant %d: %w", m, err)
			}
			found(f)
			delete(missing, m)
			after = m
		}
	}
	for _, m := range slices.Sorted(maps.Keys(missing)) {
		found(Finding{MerchantID: m, Cut: true})
	}
	return nil
}

func (s *Sealer) verify(ctx context.Context, m id.Merchant, noted Head) (Finding, error) {
	f := Finding{MerchantID: m, Cut: noted.Number > 0}
	for {
		blocks, err := s.store.Blocks(ctx, m, f.Head.Number, page)
		if err != nil || len(blocks) == 0 {
			return f, err
		}
		for _, b := range blocks {
			whole, err := s.whole(ctx, b, f.Head)
			if err != nil {
				return f, err
			}
			if !whole {
				f.Broken = append(f.Broken, b.Number)
			}
			if b.Number == noted.Number && b.Hash == noted.Hash {
				f.Cut = false
			}
			f.Records += int64(b.Records)
			f.Head = b
		}
	}
}

// whole reports whether a block agrees with its records and the block before.
func (s *Sealer) whole(ctx context.Context, b, previous Block) (bool, error) {
	d := newDigest(s.key, b, previous.Hash)
	at, count := b.From, 0
	for {
		records, err := s.store.Between(ctx, b.MerchantID, at, b.Until, page)
		if err != nil {
			return false, err
		}
		for _, r := range records {
			d.add(r)
			at = Place{r.At, r.ID}
		}
		count += len(records)
		if len(records) < page {
			break
		}
	}
	follows := b.Number == previous.Number+1 && b.From == previous.Until
	return follows && count == b.Records && d.sum(b.Until, count) == b.Hash, nil
}
