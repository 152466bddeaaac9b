// Package operation carries one request to a bank from the commit before it is sent
// to the commit of its outcome. It asks the bank, inquires when the answer is not
// known, concludes, and books; its resolver finds out what a crash or a silent bank
// left open, its late checks undo what nobody wanted any more, and what no bank
// tells it puts before a person. It does not know what the request is for: that is
// the business of the rooms above.
package operation

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/vault"
)

// Store is what an operation is kept in and found again.
type Store interface {
	payment.Writer
	payment.Finder
	payment.Worklist
	payment.Escalations
}

// Tables gives what routing knows about a merchant. The table is shared and
// read-only.
type Tables interface {
	Table(ctx context.Context, m id.Merchant) (*routing.Table, error)
}

// Banks gives the open connector of a POS.
type Banks interface {
	Bank(ctx context.Context, p pos.POS) (*pos.Bank, error)
	// Healthy reports whether the POS's circuit breaker lets requests through.
	Healthy(p id.POS) bool
}

// Audience tells who listens to events.
type Audience interface {
	// Hears reports whether the merchant wants to be told of events of the kind. A
	// merchant's change of mind may take a second to be known.
	Hears(ctx context.Context, m id.Merchant, kind job.Kind) (bool, error)
}

// Dependencies is what a Service works with.
type Dependencies struct {
	Store  Store
	Tables Tables
	Banks  Banks
	Sealer vault.Sealer // of memos
	IDs    *id.Generator
	Clock  clock.Clock
	Log    *slog.Logger
	// Audience decides which events are queued; if nil all are.
	Audience Audience
	// OnResolve, if set, hears what became of each operation that the resolver took
	// up. It is called by the goroutine at work and must not wait.
	OnResolve func(Resolved)
}

// Service carries requests to banks and books what they answer. It is safe for
// concurrent use, by any number of goroutines and nodes on one store.
type Service struct {
	store     Store
	tables    Tables
	banks     Banks
	sealer    vault.Sealer
	ids       *id.Generator
	clock     clock.Clock
	log       *slog.Logger
	audience  Audience
	onResolve func(Resolved)
}

// NewService returns a Service.
func NewService(d Dependencies) *Service {
	return &Service{
		store: d.Store, tables: d.Tables, banks: d.Banks, sealer: d.Sealer, ids: d.IDs, clock: d.Clock, log: d.Log,
		audience: d.Audience, onResolve: d.OnResolve,
	}
}

// JobHandlers returns the handlers of the jobs that operations leave behind. Events
// are not among them: delivering those is for others.
func (s *Service) JobHandlers() job.Handlers {
	return job.Handlers{
		JobLateCheck:   {Class: job.Money, Do: s.lateCheck},
		JobExpireHold:  {Class: job.Money, Do: s.expireHold},
		JobReleaseHold: {Class: job.Money, Do: s.releaseHold},
	}
}

// SystemActor names Vezne itself in audit records.
const SystemActor = "system:payment"

// CommandLimit bounds a whole command, bank calls included, so that a caller has
// an answer within 60 seconds; what is not known by then is pending.
const CommandLimit = 50 * time.Second

// Detached returns a context for a command that must not be torn in the middle
// because its caller hung up.
func Detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), CommandLimit)
}

// POS returns a merchant's POS, also one that takes no new payments.
func (s *Service) POS(ctx context.Context, m id.Merchant, p id.POS) (pos.POS, error) {
	table, err := s.tables.Table(ctx, m)
	if err != nil {
		return pos.POS{}, fmt.Errorf("load routing table of merchant %d: %w", m, err)
	}
	for i := range table.POSes {
		if table.POSes[i].ID == p {
			return table.POSes[i], nil
		}
	}
	return pos.POS{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such POS")
}
