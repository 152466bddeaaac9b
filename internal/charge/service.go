// Package charge carries out what merchants ask to be paid: it checks, prices and
// routes a payment, asks bank after bank until one decides, and captures, voids and
// refunds what was paid. A command is answered once: repeated, it gets its first
// answer. Each request to a bank is an operation of the room below.
package charge

import (
	"context"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/vault"
)

// Store is what payments are kept in and found again.
type Store interface {
	payment.Writer
	payment.Finder
	payment.Lister
}

// Tables gives what routing knows about a merchant. The table is shared and
// read-only.
type Tables interface {
	Table(ctx context.Context, m id.Merchant) (*routing.Table, error)
}

// BINs looks a card's leading digits up, in the rows that count for a merchant. An
// unknown BIN is nil.
type BINs interface {
	Lookup(ctx context.Context, m id.Merchant, digits string) (*bin.Info, error)
}

// Banks gives the open connector of a POS.
type Banks interface {
	Bank(ctx context.Context, p pos.POS) (*pos.Bank, error)
	// Healthy reports whether the POS's circuit breaker lets requests through.
	Healthy(p id.POS) bool
}

// Dependencies is what a Service works with.
type Dependencies struct {
	Operations *operation.Service
	Store      Store
	Tables     Tables
	BINs       BINs
	Banks      Banks
	Prints     vault.Fingerprinter
	IDs        *id.Generator
	Clock      clock.Clock
	// Limits counts declines for all nodes; if nil each counts its own.
	Limits limit.Shared
	// OnAnswer, if set, hears how each command was answered. It is called by the
	// goroutine at work and must not wait.
	OnAnswer func(Answered)
}

// Service carries out commands about payments. It is safe for concurrent use,
// by any number of goroutines and nodes on one store.
type Service struct {
	operations *operation.Service
	store      Store
	claims     idempotency.Claims
	tables     Tables
	bins       BINs
	banks      Banks
	prints     vault.Fingerprinter
	ids        *id.Generator
	clock      clock.Clock
	onAnswer   func(Answered)
	declines   *declines
}

// NewService returns a Service.
func NewService(d Dependencies) *Service {
	return &Service{
		operations: d.Operations, store: d.Store, tables: d.Tables, bins: d.BINs, banks: d.Banks, prints: d.Prints,
		claims: idempotency.NewClaims(payment.Claimed, d.Store, d.Clock), ids: d.IDs, clock: d.Clock, onAnswer: d.OnAnswer,
		declines: newDeclines(d.Clock, d.Limits),
	}
}
