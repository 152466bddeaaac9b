package paymenttest

import (
	"log/slog"
	"maps"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/threeds"
	"github.com/vezne/vezne/internal/vault"
)

// The rooms under names of their own, so that one struct can embed all of them.
type (
	// Operations is the room that asks banks.
	Operations = operation.Service
	// Charges is the room that carries out what merchants ask.
	Charges = charge.Service
	// ThreeDS is the room that has payers authenticated.
	ThreeDS = threeds.Service
)

// Parts is what the rooms are built from.
type Parts struct {
	Store     payment.Store
	Tables    charge.Tables
	BINs      charge.BINs
	Banks     charge.Banks
	Prints    vault.Fingerprinter
	Sealer    vault.Sealer
	Merchants threeds.Merchants
	Addresses threeds.Addresses
	InFlight  threeds.InFlight
	IDs       *id.Generator
	Clock     clock.Clock
	Log       *slog.Logger
	Audience  operation.Audience
	Limits    limit.Shared
	OnAnswer  func(charge.Answered)
	OnResolve func(operation.Resolved)
}

// Rooms are one node: everything that can be asked about payments.
type Rooms struct {
	*Operations
	*Charges
	*ThreeDS
}

// Build returns a node that works with the parts.
func (p Parts) Build() *Rooms {
	operations := operation.NewService(operation.Dependencies{
		Store: p.Store, Tables: p.Tables, Banks: p.Banks, Sealer: p.Sealer, IDs: p.IDs, Clock: p.Clock, Log: p.Log,
		Audience: p.Audience, OnResolve: p.OnResolve,
	})
	charges := charge.NewService(charge.Dependencies{
		Operations: operations, Store: p.Store, Tables: p.Tables, BINs: p.BINs, Banks: p.Banks, Prints: p.Prints,
		IDs: p.IDs, Clock: p.Clock, Limits: p.Limits, OnAnswer: p.OnAnswer,
	})
	return &Rooms{operations, charges, threeds.NewService(threeds.Dependencies{
		Charges: charges, Operations: operations, Store: p.Store, Banks: p.Banks, Sealer: p.Sealer, Merchants: p.Merchants,
		Addresses: p.Addresses, InFlight: p.InFlight, Clock: p.Clock, Log: p.Log, PublicURL: PublicURL,
	})}
}

// JobHandlers returns the handlers of all rooms.
func (r *Rooms) JobHandlers() job.Handlers {
	all := r.Operations.JobHandlers()
	maps.Copy(all, r.ThreeDS.JobHandlers())
	return all
}

// Change has the world's node work with other parts from now on.
func (w *World) Change(change func(*Parts)) {
	change(&w.Parts)
	w.Rooms = w.Parts.Build()
	w.Resolver = operation.NewResolver(w.Operations)
}

// With returns another node on the world, with some other parts.
func (w *World) With(change func(*Parts)) *Rooms {
	p := w.Parts
	change(&p)
	return p.Build()
}
