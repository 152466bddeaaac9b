package payment

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/vault"
)

// Tables gives what routing knows about a merchant. The table is shared and
// read-only.
type Tables interface {
	Table(ctx context.Context, m id.Merchant) (*routing.Table, error)
}

// BINs looks a card's leading digits up.
type BINs interface {
	Lookup(ctx context.Context, digits string) (*bin.Info, error)
}

// Banks gives the open connector of a POS.
type Banks interface {
	Bank(ctx context.Context, p pos.POS) (*pos.Bank, error)
	// Healthy reports whether the POS's circuit breaker lets requests through.
	Healthy(p id.POS) bool
}

// Merchants tells a merchant's settings.
type Merchants interface {
	Merchant(ctx context.Context, m id.Merchant) (merchant.Merchant, error)
}

// Addresses judges the addresses of merchants to which payers' browsers are sent.
type Addresses interface {
	// Check reports why an address may not be used; hosts, separated by spaces, are
	// the only ones allowed unless empty. Pages of our own always are. The error may
	// be shown to the merchant.
	Check(address, hosts string) error
}

// Audience tells who listens to events.
type Audience interface {
	// Hears reports whether the merchant wants to be told of events of the kind. A
	// merchant's change of mind may take a second to be known.
	Hears(ctx context.Context, m id.Merchant, kind job.Kind) (bool, error)
}

// systemActor names Vezne itself in audit records.
const systemActor = "system:payment"

// Dependencies is what a Service works with.
type Dependencies struct {
	Store     Store
	Tables    Tables
	BINs      BINs
	Banks     Banks
	Prints    vault.Fingerprinter
	Sealer    vault.Sealer
	Merchants Merchants
	Addresses Addresses
	InFlight  InFlight
	IDs       *id.Generator
	Clock     clock.Clock
	Log       *slog.Logger
	// Audience decides which events are queued; if nil all are.
	Audience Audience
	// Limits counts declines for all nodes; if nil each counts its own.
	Limits limit.Shared
	// OnAnswer, if set, hears how each command was answered, and OnResolve what
	// became of each operation that the resolver took up. They are called by the
	// goroutine at work and must not wait.
	OnAnswer  func(Answered)
	OnResolve func(Resolved)
	// PublicURL is the address under which browsers reach us, without a slash at
	// its end.
	PublicURL string
}

// Service carries out commands about payments. It is safe for concurrent use,
// by any number of goroutines and nodes on one store.
type Service struct {
	Dependencies
	declines *limit.Buckets[string] // by fingerprint
}

// NewService returns a Service.
func NewService(d Dependencies) *Service {
	return &Service{Dependencies: d, declines: newDeclines(d.Limits)}
}

// commandLimit bounds a whole command, bank calls included, so that a caller has
// an answer within 60 seconds; what is not known by then is pending.
const commandLimit = 50 * time.Second

// detached returns a context for a command that must not be torn in the middle
// because its caller hung up.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commandLimit)
}

// posByID returns a merchant's POS, also one that takes no new payments.
func (s *Service) posByID(ctx context.Context, m id.Merchant, p id.POS) (pos.POS, error) {
	table, err := s.Tables.Table(ctx, m)
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
