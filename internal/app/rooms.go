package app

import (
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/telemetry"
	"github.com/vezne/vezne/internal/threeds"
	"github.com/vezne/vezne/internal/vault"
)

// rooms are the services of payments, each built on the one before it.
type rooms struct {
	operations *operation.Service
	charges    *charge.Service
	threeDS    *threeds.Service
}

// roomParts is what the rooms are built from.
type roomParts struct {
	store     *sqlstore.Payments
	tables    tables
	bins      bins
	banks     *pos.Registry
	safe      *vault.Vault
	merchants *sqlstore.Merchants
	addresses addresses
	inFlight  *ephemeral.Secrets
	audience  audience
	ids       *id.Generator
	limits    limit.Shared
}

// newRooms builds the rooms from the ground up (docs/adr/0014-rooms-of-a-payment.md).
func (s *Server) newRooms(o Options, metrics *telemetry.Metrics, p roomParts) rooms {
	operations := operation.NewService(operation.Dependencies{
		Store: p.store, Tables: p.tables, Banks: p.banks, Sealer: p.safe, Audience: p.audience, IDs: p.ids,
		Clock: clock.System{}, Log: o.Log, OnResolve: metrics.Resolved,
	})
	charges := charge.NewService(charge.Dependencies{
		Operations: operations, Store: p.store, Tables: p.tables, BINs: p.bins, Banks: p.banks, Prints: p.safe, IDs: p.ids,
		Clock: clock.System{}, Limits: p.limits, OnAnswer: metrics.Answered,
	})
	return rooms{operations, charges, threeds.NewService(threeds.Dependencies{
		Charges: charges, Operations: operations, Store: p.store, Banks: p.banks, Sealer: p.safe, Merchants: p.merchants,
		Addresses: p.addresses, InFlight: p.inFlight, Clock: clock.System{}, Log: o.Log, PublicURL: s.url,
	})}
}
