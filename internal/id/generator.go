package id

import (
	"context"
	"fmt"
	"sync"
)

// Noun names a sequence of numeric ids.
type Noun string

// The sequences.
const (
	NounMerchant    Noun = "merchant"
	NounCredential  Noun = "credential"
	NounPOS         Noun = "pos"
	NounPlan        Noun = "plan"
	NounRule        Noun = "rule"
	NounPayment     Noun = "payment"
	NounItem        Noun = "item"
	NounOperation   Noun = "operation"
	NounPosting     Noun = "ledger_posting"
	NounJob         Noun = "job"
	NounAuditRecord Noun = "audit_record"
	NounCard        Noun = "card"
	NounUser        Noun = "user"
	NounSession     Noun = "admin_session"
	NounEndpoint    Noun = "webhook_endpoint"
	NounDelivery    Noun = "webhook_delivery"
)

// blockSize is how many ids a node reserves at once: one extra database round
// trip in a thousand, and at most a thousand ids unused after a restart.
const blockSize = 1000

// Reserver hands out blocks of ids that no other node will ever get.
type Reserver interface {
	// Reserve returns the first of n consecutive new ids of the noun.
	Reserve(ctx context.Context, noun Noun, n int) (int64, error)
}

// Generator hands out ids from reserved blocks. The next block is reserved while
// half of the present one is left, by one caller, so that the others never wait
// for the database. It is safe for concurrent use.
type Generator struct {
	reserver Reserver
	mu       sync.Mutex
	blocks   map[Noun]*block
}

// block is what is left of a noun's reserved ids, and the block after it.
type block struct {
	mu         sync.Mutex
	next, last int64
	spare      int64 // the first id of the next block, zero if there is none
	reserving  bool  // somebody is fetching the next block
}

// NewGenerator returns a Generator that reserves its blocks from r.
func NewGenerator(r Reserver) *Generator {
	return &Generator{reserver: r, blocks: make(map[Noun]*block)}
}

// Next returns a new id of the noun as the type T.
func Next[T ~int64](ctx context.Context, g *Generator, noun Noun) (T, error) {
	n, err := g.next(ctx, noun)
	return T(n), err
}

func (g *Generator) next(ctx context.Context, noun Noun) (int64, error) {
	b := g.block(noun)
	n, ahead, err := g.take(ctx, noun, b)
	if err != nil || !ahead {
		return n, err
	}
	first, err := g.reserver.Reserve(ctx, noun, blockSize)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserving = false
	if err == nil { // else whoever finds the block empty will try again and fail
		b.spare = first
	}
	return n, nil
}

// take returns the next id, and whether the caller is to reserve the next block.
func (g *Generator) take(ctx context.Context, noun Noun, b *block) (n int64, ahead bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == 0 || b.next > b.last {
		first := b.spare
		if first == 0 {
			if first, err = g.reserver.Reserve(ctx, noun, blockSize); err != nil {
				return 0, false, fmt.Errorf("reserve %s ids: %w", noun, err)
			}
		}
		b.next, b.last, b.spare = first, first+blockSize-1, 0
	}
	if b.next > Max {
		return 0, false, fmt.Errorf("reserve %s ids: past 2^53", noun)
	}
	n = b.next
	b.next++
	ahead = b.last-n < blockSize/2 && b.spare == 0 && !b.reserving
	b.reserving = b.reserving || ahead
	return n, ahead, nil
}

func (g *Generator) block(noun Noun) *block {
	g.mu.Lock()
	defer g.mu.Unlock()
	b, ok := g.blocks[noun]
	if !ok {
		b = &block{}
		g.blocks[noun] = b
	}
	return b
}
