package checkout_test

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/threeds"
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

// payments charges as it is told, and remembers what it was asked.
type payments struct {
	mu     sync.Mutex
	next   id.Payment
	keys   map[[32]byte]id.Payment
	all    map[id.Payment]payment.Payment
	holder payment.Payment
	// state and reason are what comes of the next card, err is returned instead.
	state              payment.State
	reason             connector.Reason
	err                error
	enrolErr           error // comes of an enrolment
	enrolled, complete int
	dies               bool      // nobody comes to complete what may be
	silent             bool      // what the bank holds of what is given up is not known
	completing         func()    // is called while the bank is asked for the money
	charged            card.Card // the last that was asked for
	asked              charge.Pay
	// forced is why no card is charged without 3-D Secure; directly counts those that are.
	forced   connector.Reason
	directly int
	// entered, when set, is told of every command and waited for.
	entered, leave chan struct{}
	// charging and enrolling, when set, are called while the bank is asked to.
	charging, enrolling func()
	keyStore            *sqlstore.Payments
}

func (p *payments) add(c charge.Pay, state payment.State, reason connector.Reason) payment.Payment {
	p.next++
	made := payment.Payment{
		ID: p.next, UUID: id.NewUUID(), MerchantID: c.MerchantID, State: state, OrderRef: c.OrderRef,
		Paid: c.Price, Installments: c.Installments, Result: payment.Result{Reason: reason},
	}
	p.all[made.ID] = made
	p.keys[c.Key.Value] = made.ID
	return made
}

func (p *payments) wait() {
	if p.entered != nil {
		p.entered <- struct{}{}
		<-p.leave
	}
}

func (p *payments) PayDirectly(_ context.Context, c charge.Pay) (payment.Outcome, connector.Reason, error) {
	p.wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = c
	if p.err != nil || p.forced != "" {
		return payment.Outcome{}, p.forced, p.err
	}
	p.directly++
	made := p.add(c, payment.Pending, connector.ResultUnknown)
	if look := p.charging; look != nil {
		p.mu.Unlock()
		look()
		p.mu.Lock()
	}
	made.State, made.Result.Reason = p.state, p.reason
	p.all[made.ID] = made
	return payment.Outcome{Payment: made}, "", nil
}

func (p *payments) Enrol(_ context.Context, c threeds.Enrol) (threeds.Enrolment, error) {
	p.wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() {
		if look := p.enrolling; look != nil {
			p.mu.Unlock()
			look()
			p.mu.Lock()
		}
	}()
	if !c.Card.PAN.IsZero() {
		p.charged = c.Card
	}
	if n, known := p.keys[c.Key.Value]; known {
		return threeds.Enrolment{Outcome: payment.Outcome{Payment: p.all[n], Replayed: true},
			Form: connector.Form{Action: "https://bank.example"}}, nil
	}
	p.enrolled++
	p.asked = c.Pay
	if err := cmp.Or(p.err, p.enrolErr); err != nil {
		return threeds.Enrolment{}, err
	}
	if p.state == payment.Declined && p.reason != connector.Requires3DS {
		return threeds.Enrolment{Outcome: payment.Outcome{Payment: p.add(c.Pay, p.state, p.reason)}}, nil
	}
	return threeds.Enrolment{
		Outcome: payment.Outcome{Payment: p.add(c.Pay, payment.Enrolled, connector.Awaiting3DS)},
		Form:    connector.Form{Action: "https://bank.example"},
	}, nil
}

func (p *payments) Complete(_ context.Context, c threeds.Complete) (payment.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dies {
		return payment.Outcome{}, fault.New(fault.Unavailable, fault.ServiceUnavailable, "the process is gone")
	}
	if c.SecurityKey != "right" {
		return payment.Outcome{}, fault.New(fault.Invalid, fault.InvalidSecurityKey, "wrong")
	}
	for n, made := range p.all {
		if made.UUID != c.PaymentID {
			continue
		}
		if made.State == payment.Enrolled || made.State == payment.Authenticated {
			p.complete++
			if look := p.completing; look != nil {
				made.State, made.Result.Reason = payment.Pending, connector.ResultUnknown
				p.all[n] = made
				p.mu.Unlock()
				look()
				p.mu.Lock()
			}
			made.State, made.Result.Reason = p.state, p.reason
			p.all[n] = made
		}
		return payment.Outcome{Payment: made}, nil
	}
	return payment.Outcome{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such payment")
}

// Opens implements checkout.ThreeDS.
func (p *payments) Opens(_ context.Context, _ id.Merchant, _ id.Payment, key string) (bool, error) {
	return key == "right", nil
}

// Abandon implements checkout.ThreeDS, by a bank that says what it holds only if it is
// not silent.
func (p *payments) Abandon(_ context.Context, c threeds.Abandon) (payment.Payment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	made := p.all[c.PaymentID]
	if made.State == payment.Enrolled || made.State == payment.Authenticated {
		made.State, made.Result.Reason, made.Unclear = payment.Declined, c.Why, p.silent
		p.all[c.PaymentID] = made
	}
	return made, nil
}

func (p *payments) Offer(context.Context, charge.Quote) ([]routing.Option, error) { return nil, nil }

func (p *payments) PaymentByID(_ context.Context, _ id.Merchant, n id.Payment) (payment.Payment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[n], nil
}

func (p *payments) OrderHolder(context.Context, id.Merchant, string) (payment.Payment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holder.ID == 0 {
		return payment.Payment{}, fault.New(fault.NotFound, fault.NoSuchThing, "free")
	}
	return p.holder, nil
}

func (p *payments) ClaimedKey(ctx context.Context, m id.Merchant, key [32]byte) (idempotency.Record, error) {
	p.mu.Lock()
	n, known := p.keys[key]
	p.mu.Unlock()
	if known {
		return idempotency.Record{Kind: payment.Claimed, Subject: payment.ClaimOf(n, 0)}, nil
	}
	return p.keyStore.ClaimedKey(ctx, m, key)
}

// set changes what a payment has become.
func (p *payments) set(n id.Payment, state payment.State, reason connector.Reason) {
	p.mu.Lock()
	defer p.mu.Unlock()
	made := p.all[n]
	made.State, made.Result.Reason = state, reason
	p.all[n] = made
}

// unclear says whether the bank may hold money of a payment that ended without.
func (p *payments) unclear(n id.Payment, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	made := p.all[n]
	made.Unclear = is
	p.all[n] = made
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
