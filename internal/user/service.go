package user

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/vault"
)

// Options are what a Service works with. All are required but Limits and Pause.
type Options struct {
	Store  Store
	Sealer vault.Sealer
	Hasher *Hasher
	IDs    *id.Generator
	Clock  clock.Clock
	// Limits counts logins for all nodes; if nil this process counts for itself.
	Limits limit.Shared
	// Pause is how long a source waits after a wrong login beyond the limits; a second
	// if zero.
	Pause time.Duration
}

// Service keeps the team and lets it in. It is safe for concurrent use.
type Service struct {
	store  Store
	sealer vault.Sealer
	hasher *Hasher
	ids    *id.Generator
	clock  clock.Clock
	gate   *gate
	// refusals are wrong logins that are not in the audit log yet.
	refusals refusals
}

// NewService returns a Service.
func NewService(o Options) *Service {
	return &Service{
		store: o.Store, sealer: o.Sealer, hasher: o.Hasher, ids: o.IDs, clock: o.Clock,
		gate: newGate(o.Clock, o.Limits, cmp.Or(o.Pause, slowPause)),
	}
}

// Actor names a user in audit records.
func Actor(n id.User) string { return "user:" + strconv.FormatInt(int64(n), 10) }

func actorOf(u User) string { return Actor(u.ID) }

// deed is what an audit record tells.
type deed struct {
	actor  string
	action string
	facts  map[string]any
}

// save stores a user with an audit record, and whatever else is to be queued.
func (s *Service) save(ctx context.Context, u User, d deed, also ...func(Tx)) error {
	return s.commit(ctx, u, d, func(tx Tx) {
		tx.SaveUser(u)
		for _, write := range also {
			write(tx)
		}
	})
}

// commit makes writes about a user with an audit record.
func (s *Service) commit(ctx context.Context, u User, d deed, write func(Tx)) error {
	r, err := s.record(ctx, u, d.actor, d.action, d.facts)
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		write(tx)
		tx.Record(r)
	})
	if fault.CodeOf(err) == fault.StaleVersion {
		return fault.Wrap(fault.PreconditionFailed, fault.VersionMismatch, "the user was changed meanwhile", err)
	}
	return err
}

func (s *Service) record(ctx context.Context, u User, actor, action string, facts map[string]any) (audit.Record, error) {
	return audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
		MerchantID: u.MerchantID, Actor: actor, Action: action, Subject: Actor(u.ID), Facts: facts,
	})
}
