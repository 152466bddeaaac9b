package merchant

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// useInterval is how often uses are written: a minute is exact enough to find
// out whether anybody still uses a credential.
const useInterval = time.Minute

// lastFlush bounds the write when the process ends.
const lastFlush = 5 * time.Second

// Use says when a credential was last used.
type Use struct {
	MerchantID   id.Merchant
	CredentialID id.Credential
	At           time.Time
}

// UseStore keeps uses.
type UseStore interface {
	// SaveUses stores those that are later than what is stored.
	SaveUses(ctx context.Context, uses []Use) error
}

// Uses gathers which credentials are used and writes it down now and then, one
// commit for all, instead of one for each request. It is safe for concurrent use.
type Uses struct {
	store UseStore
	log   *slog.Logger
	at    sync.Map // of useKey to *atomic.Int64, microseconds since 1970
}

type useKey struct {
	merchant   id.Merchant
	credential id.Credential
}

// NewUses returns a Uses that has noted nothing.
func NewUses(s UseStore, log *slog.Logger) *Uses { return &Uses{store: s, log: log} }

// Note notes a use. It costs a lookup and a store in memory; a nil Uses notes
// nothing.
func (u *Uses) Note(m id.Merchant, c id.Credential, at time.Time) {
	if u == nil {
		return
	}
	key := useKey{m, c}
	noted, ok := u.at.Load(key)
	if !ok {
		noted, _ = u.at.LoadOrStore(key, new(atomic.Int64))
	}
	noted.(*atomic.Int64).Store(at.UnixMicro()) //nolint:errcheck,forcetypeassert // nothing else is stored
}

// Flush writes what was noted since the last time. What cannot be written is
// noted no more: the next use notes it again.
func (u *Uses) Flush(ctx context.Context) error {
	var uses []Use
	u.at.Range(func(key, noted any) bool {
		k := key.(useKey)                                 //nolint:errcheck,forcetypeassert // nothing else is stored
		if at := noted.(*atomic.Int64).Swap(0); at != 0 { //nolint:errcheck,forcetypeassert // as above
			uses = append(uses, Use{MerchantID: k.merchant, CredentialID: k.credential, At: time.UnixMicro(at).UTC()})
		}
		return true
	})
	if len(uses) == 0 {
		return nil
	}
	if err := u.store.SaveUses(ctx, uses); err != nil {
		return fmt.Errorf("save uses of credentials: %w", err)
	}
	return nil
}

// Run flushes now and then until ctx ends, and once more then.
func (u *Uses) Run(ctx context.Context) {
	ticker := time.NewTicker(useInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			u.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			u.flush(last)
			return
		}
	}
}

func (u *Uses) flush(ctx context.Context) {
	if err := u.Flush(ctx); err != nil {
		u.log.WarnContext(ctx, "uses of credentials not written", "error", err.Error())
	}
}
