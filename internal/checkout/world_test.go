package checkout_test

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const seller id.Merchant = 1

// world is a checkout service on real storage, over payments that do as they are
// told.
type world struct {
	*checkout.Service
	deps     checkout.Dependencies
	payments *payments
	courier  *courier
	jobs     *sqlstore.Jobs
	vault    *vault.Vault
	db       *storage.DB
	clock    *clock.Manual
	merchant merchant.Merchant
}

// onSQLite runs a test in a fresh world. It is about the rules of this package, so
// one engine is enough: storetest holds both to the same, and test/parity and
// test/e2e go through the whole on both.
func onSQLite(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	run(t, newWorld(t, storage.SQLite))
}

// eachEngine is for tests in which many act at the same time, because engines differ
// in what they let happen together.
func eachEngine(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			run(t, newWorld(t, engine))
		})
	}
}

func newWorld(t *testing.T, engine storage.Engine) *world {
	t.Helper()
	db := storetest.Open(t, engine)
	w := &world{
		payments: &payments{keys: make(map[[32]byte]id.Payment), all: make(map[id.Payment]payment.Payment)},
		courier:  &courier{status: 200}, jobs: sqlstore.NewJobs(db),
		clock:    clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
		merchant: merchant.Merchant{ID: seller, Name: "Demo Market"},
	}
	w.payments.keyStore, w.db = sqlstore.NewPayments(db), db
	keyset, err := vault.NewKeyset(vault.Demo)
	if err != nil {
		t.Fatal(err)
	}
	ids := id.NewGenerator(sqlstore.NewSequences(db))
	w.vault = vault.New(vault.Options{Keyset: keyset, Store: sqlstore.NewVault(db), IDs: ids, Clock: w.clock})
	w.deps = checkout.Dependencies{
		Store: sqlstore.NewCheckouts(db), Payments: w.payments, ThreeDS: w.payments, Records: w.payments, Tables: w, Merchants: w, Courier: w.courier,
		Cards: w.vault, IDs: ids, Clock: w.clock, Log: slog.New(slog.DiscardHandler),
		PublicURL: "https://pay.example.com",
	}
	w.Service = checkout.NewService(w.deps)
	return w
}

// with goes on with a service that works with something else.
func (w *world) with(change func(*checkout.Dependencies)) {
	change(&w.deps)
	w.Service = checkout.NewService(w.deps)
}

func (w *world) Table(context.Context, id.Merchant) (*routing.Table, error) {
	return &routing.Table{POSes: []pos.POS{{ID: 1, Status: pos.Active, Currencies: []money.Currency{money.TRY}}}}, nil
}

func (w *world) Merchant(context.Context, id.Merchant) (merchant.Merchant, error) {
	return w.merchant, nil
}

// courier answers callbacks with a status and counts them.
type courier struct {
	mu     sync.Mutex
	status int
	err    error
	calls  []string
}

func (*courier) Check(url, _ string) error {
	if url == "https://evil.example" {
		return fault.New(fault.Invalid, fault.URLNotAllowed, "not allowed")
	}
	return nil
}

func (c *courier) Deliver(_ context.Context, url, _ string, form map[string]string) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, url+" "+form["checkoutId"])
	return c.status, c.err
}

// order asks for 1000.00 TRY.
func order(ref string) checkout.Create {
	return checkout.Create{
		MerchantID: seller, Actor: "credential:1",
		Order: checkout.Order{
			Ref: ref, Amount: money.FromMinor(100_000, money.TRY), Description: "Two tickets",
			Callback: "https://shop.example.com/callback", CustomerRef: "CUST-1", MaxInstallments: 6,
		},
	}
}

func (w *world) sell(t *testing.T, ref string) checkout.Checkout {
	t.Helper()
	made, err := w.Create(t.Context(), order(ref))
	if err != nil {
		t.Fatal(err)
	}
	return made.Checkout
}

// now returns the checkout as it is.
func (w *world) now(t *testing.T, c checkout.Checkout) checkout.View {
	t.Helper()
	v, err := w.Page(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (w *world) want(t *testing.T, c checkout.Checkout, state checkout.State, reason connector.Reason) checkout.View {
	t.Helper()
	v := w.now(t, c)
	if v.State != state || v.Reason != reason {
		t.Fatalf("checkout is %s %q, want %s %q", v.State, v.Reason, state, reason)
	}
	return v
}

// attempt is a card typed on the page as it is.
func (w *world) attempt(t *testing.T, c checkout.Checkout) checkout.Attempt {
	t.Helper()
	pan, err := card.ParsePAN("5421190122090656")
	if err != nil {
		t.Fatal(err)
	}
	return checkout.Attempt{
		Checkout: c.ID, Version: w.now(t, c).Version, Installments: 1, Language: "en", ReturnURL: "https://pay.example.com/back",
		Card: card.Card{PAN: pan, Holder: "John Doe"}, ClientIP: netip.MustParseAddr("192.0.2.1"),
	}
}

func (w *world) pay(t *testing.T, c checkout.Checkout) {
	t.Helper()
	if err := w.Pay(t.Context(), w.attempt(t, c)); err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != code {
		t.Fatalf("error = %v, want %s", err, code)
	}
}

// work runs every job that is due, once.
func (w *world) work(t *testing.T) {
	t.Helper()
	r := job.NewRunner(w.jobs, w.JobHandlers(), "node", w.clock, slog.New(slog.DiscardHandler))
	if _, err := r.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// events returns the kinds of the events that wait to be delivered.
func (w *world) events(t *testing.T) []job.Kind {
	t.Helper()
	all, err := w.jobs.Jobs(t.Context(), seller, checkout.EventCompleted, checkout.EventFailed)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []job.Kind
	for _, j := range all {
		kinds = append(kinds, j.Kind)
	}
	return kinds
}
