package paymenttest

import (
	"context"
	"sync"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// DyingStore makes a number of commits and refuses all that come later.
type DyingStore struct {
	payment.Store
	mu      sync.Mutex
	Commits int
}

func (d *DyingStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Commits == 0 {
		return fault.New(fault.Internal, fault.InternalError, "the store is gone")
	}
	d.Commits--
	return d.Store.InTx(ctx, fn)
}
