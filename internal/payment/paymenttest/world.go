// Package paymenttest is the world in which the tests of payment's rooms play: all of
// them on real storage, with a bank that can be told to misbehave, a clock that can
// be set, and a payer with cards.
package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// World is one node on real storage with the sandbox bank behind it.
type World struct {
	*Rooms

	Parts    Parts
	DB       *storage.DB
	Store    *sqlstore.Payments
	Jobs     *sqlstore.Jobs
	Resolver *operation.Resolver
	Clock    *clock.Manual
	Bank     *httptest.Server
	Routes   routing.Table
	Cards    *bin.Table
	orders   atomic.Int64
	// Settings are those of POSes that do not have the defaults.
	Settings map[id.POS]map[string]string
	// HalfSecure and hosts are the merchant's settings.
	HalfSecure bool
	Hosts      string
	// Flying are the cards in flight.
	Flying *ephemeral.Memory
	// Forged says that the test edits the books by hand: they are not proven when it
	// ends.
	Forged bool
}

// DemoMerchant is who sells.
const DemoMerchant id.Merchant = 1

// OnSQLite runs a test in a fresh world. It is about the rules of the domain, so one
// engine is enough: storetest holds both to the same, and test/parity and test/e2e
// go through the whole on both.
func OnSQLite(t *testing.T, run func(t *testing.T, w *World)) {
	t.Helper()
	run(t, NewWorld(t, storage.SQLite))
}

// EachEngine runs a test in a fresh world on every storage engine. It is for tests
// in which many act at the same time, because engines differ in what they let
// happen together.
func EachEngine(t *testing.T, run func(t *testing.T, w *World)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			run(t, NewWorld(t, engine))
		})
	}
}

// NewWorld returns a world of its own on a storage engine.
func NewWorld(t *testing.T, engine storage.Engine) *World {
	t.Helper()
	db := storetest.Open(t, engine)
	w := &World{
		DB: db, Store: sqlstore.NewPayments(db), Jobs: sqlstore.NewJobs(db),
		Clock:    clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
		Settings: make(map[id.POS]map[string]string),
	}
	w.proveBooks(t)
	w.Flying = ephemeral.NewMemory(w.Clock)
	w.startBank(t)
	w.fillTables(t)
	registry, err := pos.NewRegistry(pos.Options{
		Registrations: []connector.Registration{sandbox.Registration},
		Environment: connector.Environment{
			HTTP: wire.NewClient(wire.Options{}), Clock: w.Clock, SimulatorURL: w.Bank.URL + "/sim", TestMode: true,
		},
		Opener: func(_ context.Context, p pos.POS) (map[string]string, error) { return w.Settings[p.ID], nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Parts = Parts{
		Store: w.Store, Tables: w, BINs: w, Banks: registry, Prints: w, Sealer: vaulttest.Sealer{}, Merchants: w, Addresses: addresses{},
		InFlight: ephemeral.New(w.Flying, vaulttest.Sealer{}, w.Clock),
		IDs:      id.NewGenerator(sqlstore.NewSequences(db)), Clock: w.Clock, Log: slog.New(slog.DiscardHandler),
	}
	w.Change(func(*Parts) {})
	return w
}

func (w *World) fillTables(t *testing.T) {
	t.Helper()
	for i, alias := range []string{"akbank", "garanti"} {
		p := pos.POS{
			ID: id.POS(i + 1), MerchantID: DemoMerchant, Alias: alias, Connector: "sandbox", Status: pos.Active,
			Priority: i, Currencies: []money.Currency{money.TRY}, Programs: []string{[]string{"Axess", "Bonus"}[i]},
			AcceptsDomestic: true, AcceptsForeign: true, Timeout: time.Second, Version: 1,
			Used: true, // its row is not stored
		}
		w.Routes.POSes = append(w.Routes.POSes, p)
		w.Routes.Plans = append(w.Routes.Plans,
			installment.Plan{ID: id.Plan(10*i + 1), MerchantID: DemoMerchant, POSID: p.ID, Count: 1, CommissionRate: Rate(t, "1.99"), Active: true},
			installment.Plan{
				ID: id.Plan(10*i + 3), MerchantID: DemoMerchant, POSID: p.ID, Program: p.Programs[0], Count: 3,
				CommissionRate: Rate(t, "2.89"), CustomerRate: Rate(t, "3.50"), Active: true,
			})
	}
	var err error
	w.Cards, err = bin.NewTable([]bin.Info{
		{Prefix: "542119", BankCode: "0046", Bank: "Akbank", Scheme: card.Mastercard, Type: card.Credit, Program: "Axess", Brand: "Axess", Domestic: true},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Table implements charge.Tables.
func (w *World) Table(context.Context, id.Merchant) (*routing.Table, error) { return &w.Routes, nil }

// Lookup implements charge.BINs.
func (w *World) Lookup(_ context.Context, _ id.Merchant, digits string) (*bin.Info, error) {
	info, _ := w.Cards.Lookup(digits)
	return info, nil
}

// Fingerprint implements vault.Fingerprinter.
func (w *World) Fingerprint(_ context.Context, m id.Merchant, p card.PAN) (string, error) {
	return fmt.Sprintf("%d-%s-%s", m, p.BIN(6), p.Last4()), nil
}

// PublicURL is where the payer's browser finds us.
const PublicURL = "http://shop.test"

// Merchant implements threeds.Merchants.
func (w *World) Merchant(_ context.Context, m id.Merchant) (merchant.Merchant, error) {
	return merchant.Merchant{ID: m, Active: true, HalfSecure: w.HalfSecure, Hosts: w.Hosts}, nil
}

// addresses allows our own pages and the hosts of the list.
type addresses struct{}

func (addresses) Check(address, hosts string) error {
	u, err := url.Parse(address)
	if err != nil || (hosts != "" && !strings.HasPrefix(address, PublicURL+"/") && !slices.Contains(strings.Fields(hosts), u.Hostname())) {
		return errors.New("must be on a host that the merchant has allowed")
	}
	return nil
}
