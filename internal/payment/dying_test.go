package payment_test

import (
	"context"
	"sync"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// dyingStore makes a number of commits and refuses all that come later.
type dyingStore struct {
	payment.Store
	mu      sync.Mutex
	commits int
}

func (d *dyingStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.commits == 0 {
		return fault.New(fault.Internal, fault.InternalError, "the store is gone")
	}
	d.commits--
	return d.Store.InTx(ctx, fn)
}
