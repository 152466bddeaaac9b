// Package threeds charges payers who were authenticated with 3-D Secure: it enrols a
// payment at a bank, sends the payer there, takes the payer back, and charges once
// when the merchant completes. It stands on charge, which prepares the payment and
// moves it from bank to bank.
package threeds

import (
	"context"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/vault"
)

// Store is what payments and their sessions are kept in and found again.
type Store interface {
	payment.Writer
	payment.Finder
	payment.Sessions
}

// Banks gives the open connector of a POS.
type Banks interface {
	Bank(ctx context.Context, p pos.POS) (*pos.Bank, error)
}

// InFlight keeps, sealed and for minutes, what is needed until a payment is
// completed.
type InFlight interface {
	// Keep keeps a merchant's secret under a key, in place of an earlier one.
	Keep(ctx context.Context, m id.Merchant, key string, plain []byte, life time.Duration) error
	// Kept returns a secret; one that is gone is fault.NoSuchThing.
	Kept(ctx context.Context, m id.Merchant, key string) ([]byte, error)
	// Drop forgets a secret; one that is gone is no error.
	Drop(ctx context.Context, m id.Merchant, key string) error
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

// Dependencies is what a Service works with.
type Dependencies struct {
	Charges    *charge.Service
	Operations *operation.Service
	Store      Store
	Banks      Banks
	Sealer     vault.Sealer
	Merchants  Merchants
	Addresses  Addresses
	InFlight   InFlight
	Clock      clock.Clock
	Log        *slog.Logger
	// PublicURL is the address under which browsers reach us, without a slash at
	// its end.
	PublicURL string
}

// Service takes payers through 3-D Secure. It is safe for concurrent use, by any
// number of goroutines and nodes on one store.
type Service struct {
	charges    *charge.Service
	operations *operation.Service
	store      Store
	banks      Banks
	sealer     vault.Sealer
	merchants  Merchants
	addresses  Addresses
	inFlight   InFlight
	clock      clock.Clock
	log        *slog.Logger
	publicURL  string
}

// NewService returns a Service.
func NewService(d Dependencies) *Service {
	return &Service{
		charges: d.Charges, operations: d.Operations, store: d.Store, banks: d.Banks, sealer: d.Sealer,
		merchants: d.Merchants, addresses: d.Addresses, inFlight: d.InFlight, clock: d.Clock, log: d.Log, publicURL: d.PublicURL,
	}
}

// JobHandlers returns the handlers of the jobs that authentications leave behind.
func (s *Service) JobHandlers() job.Handlers {
	return job.Handlers{JobExpireSession: {Class: job.Money, Do: s.expireSession}}
}
