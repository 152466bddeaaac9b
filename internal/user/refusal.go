package user

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/audit"
)

const (
	// refusalInterval is how soon wrong logins stand in the audit log.
	refusalInterval = time.Second
	// lastRefusals bounds the write when the process ends.
	lastRefusals = 5 * time.Second
	// maxRefusals bounds the memory of what was not written yet. The limits let through
	// far fewer in a second; what is beyond is not written.
	maxRefusals = 1024
)

// refused is a wrong login at somebody's address.
type refused struct {
	user User
	from audit.Origin
}

// refusals gathers wrong logins for the audit log. They are written by the way,
// because a login that had to wait for the write would tell by its time that somebody
// has the address.
type refusals struct {
	mu    sync.Mutex
	noted []refused
}

// note notes a wrong login; at an address that nobody has there is nobody to tell.
func (r *refusals) note(u User, from audit.Origin) {
	if u.ID == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.noted) < maxRefusals {
		r.noted = append(r.noted, refused{u, from})
	}
}

func (r *refusals) take() []refused {
	r.mu.Lock()
	defer r.mu.Unlock()
	noted := r.noted
	r.noted = nil
	return noted
}

// Flush writes the wrong logins since the last time to the audit log, each in a commit
// that has its origin.
func (s *Service) Flush(ctx context.Context) error {
	var errs []error
	for _, w := range s.refusals.take() {
		r, err := s.record(ctx, w.user, actorOf(w.user), "user.login_refused", nil)
		if err == nil {
			err = s.store.InTx(audit.WithOrigin(ctx, w.from), func(tx Tx) { tx.Record(r) })
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("record wrong login: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Run flushes now and then until ctx ends, and once more then. What cannot be written
// is told to failed.
func (s *Service) Run(ctx context.Context, failed func(error)) {
	ticker := time.NewTicker(refusalInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.Flush(ctx); err != nil {
				failed(err)
			}
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastRefusals)
			defer cancel()
			if err := s.Flush(last); err != nil {
				failed(err)
			}
			return
		}
	}
}
