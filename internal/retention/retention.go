// Package retention forgets what was kept for a time that is over: idempotency
// keys, logins and where they came from, the secrets of finished 3-D Secure sessions, and the log of
// webhook deliveries. Payments, the books and the audit log are kept for ever.
package retention

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
)

// Sort is something that is kept for a time.
type Sort string

// The sorts.
const (
	// Keys are idempotency keys.
	Keys Sort = "idempotency_keys"
	// Logins are sessions of users.
	Logins Sort = "logins"
	// Sources are where users logged in from.
	Sources Sort = "login_sources"
	// Secrets are the sealed form and proof of a 3-D Secure session that has ended.
	// The session itself stays, and so does the hash of its security key.
	Secrets Sort = "threeds_secrets"
	// Deliveries are webhook deliveries that are not tried any more.
	Deliveries Sort = "webhook_deliveries"
)

// Sorts returns every Sort.
func Sorts() []Sort { return []Sort{Keys, Logins, Sources, Secrets, Deliveries} }

const (
	// keysKept is idempotency.Window with room for clocks that differ.
	keysKept = idempotency.Window + time.Hour
	// loginsKept is how long a login is kept after it ended by time.
	loginsKept = 24 * time.Hour
	// sourcesKept is a little more than package user asks for.
	sourcesKept = 91 * 24 * time.Hour
	// secretsKept is counted from the enrolment, which leads to an end within three
	// quarters of an hour and may be repeated by its idempotency key for a day.
	secretsKept = 48 * time.Hour
	// deliveriesKept is ten times the three days for which a delivery is tried.
	deliveriesKept = 30 * 24 * time.Hour
)

// Kept is how long a Sort is kept at least: keys and deliveries from when they were
// made, logins from their end, sources from the last login, secrets from the enrolment.
func (s Sort) Kept() time.Duration {
	switch s {
	case Keys:
		return keysKept
	case Logins:
		return loginsKept
	case Sources:
		return sourcesKept
	case Secrets:
		return secretsKept
	case Deliveries:
		return deliveriesKept
	}
	panic("retention: unknown sort " + string(s))
}

const (
	// batch is how many rows one commit forgets: few, because payments of the same
	// moment wait for that commit too.
	batch = 200
	// batches bounds a run, which must end long before its lease does.
	batches = 50
	// morePause comes after a run that found more than it could do, idlePause after
	// one that did not, and troublePause after one that failed.
	morePause    = time.Second
	idlePause    = 10 * time.Minute
	troublePause = time.Minute
)

// JobForget is the one job of this package. It is never done: it is put off.
const JobForget job.Kind = "retention.forget"

// Store forgets.
type Store interface {
	// Schedule queues the job unless it waits or runs already.
	Schedule(ctx context.Context, j job.Job) error
	// Forget forgets up to limit of what was kept since before the time given,
	// oldest first, in one commit, and returns how many that were.
	Forget(ctx context.Context, s Sort, before time.Time, limit int) (int, error)
}

// Keeper runs the job. The outbox leases it to one node at a time, and to another
// one if that node dies; what is forgotten already is never looked at again, so a
// run that breaks off is simply gone on with. It is safe for concurrent use.
type Keeper struct {
	store Store
	clock clock.Clock
	log   *slog.Logger
}

// NewKeeper returns a Keeper.
func NewKeeper(s Store, c clock.Clock, log *slog.Logger) *Keeper {
	return &Keeper{store: s, clock: c, log: log}
}

// Schedule queues the job, unless a node has done so.
func (k *Keeper) Schedule(ctx context.Context) error {
	now := k.clock.Now()
	return k.store.Schedule(ctx, job.Job{
		Kind: JobForget, Subject: "retention", Payload: []byte(`{}`), RunAt: now, CreatedAt: now,
	})
}

// JobHandlers returns the handler of the job.
func (k *Keeper) JobHandlers() job.Handlers {
	return job.Handlers{JobForget: {Class: job.Housekeeping, Do: k.run}}
}

// run forgets a part of what there is. It fails only when the node is being
// stopped: any other failure would count towards the death of a job that never
// ends.
func (k *Keeper) run(ctx context.Context, _ job.Job) error {
	now, left := k.clock.Now(), batches
	for _, s := range Sorts() {
		forgotten := 0
		for full := true; full && left > 0; left-- {
			n, err := k.store.Forget(ctx, s, now.Add(-s.Kept()), batch)
			if errors.Is(ctx.Err(), context.Canceled) {
				return fmt.Errorf("forget %s: %w", s, ctx.Err())
			}
			if err != nil {
				k.log.LogAttrs(ctx, slog.LevelWarn, "not forgotten", slog.String("sort", string(s)), slog.Any("error", err))
				return job.Later(now.Add(troublePause))
			}
			forgotten += n
			full = n == batch
		}
		if forgotten > 0 {
			k.log.LogAttrs(ctx, slog.LevelInfo, "forgotten", slog.String("sort", string(s)), slog.Int("rows", forgotten))
		}
	}
	if left == 0 {
		return job.Later(now.Add(morePause))
	}
	return job.Later(now.Add(idlePause))
}
