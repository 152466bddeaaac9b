package paymenttest

import (
	"context"
	"runtime"
	"sync"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// killedStore lets a number of commits through and ends its caller at the next,
// as a kill of the process would.
type killedStore struct {
	payment.Store
	left int
}

func (k *killedStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	if k.left == 0 {
		runtime.Goexit()
	}
	k.left--
	return k.Store.InTx(ctx, fn)
}

// KilledAfter runs something on a node that dies after a number of commits.
func (w *World) KilledAfter(commits int, run func(*Rooms)) {
	dying := w.With(func(p *Parts) { p.Store = &killedStore{Store: w.Store, left: commits} })
	var wg sync.WaitGroup
	wg.Go(func() { run(dying) })
	wg.Wait()
}

// DyingStore makes a number of commits and refuses all that come later.
type DyingStore struct {
	payment.Store
	mu      sync.Mutex
	Commits int
}

// InTx commits while there are commits left.
func (d *DyingStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Commits == 0 {
		return fault.New(fault.Internal, fault.InternalError, "the store is gone")
	}
	d.Commits--
	return d.Store.InTx(ctx, fn)
}
