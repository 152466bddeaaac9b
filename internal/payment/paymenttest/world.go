// Package paymenttest is the world in which the tests of payment's rooms play: all of
// them on real storage, with a bank that can be told to misbehave, a clock that can
// be set, and a payer with cards.
package paymenttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
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
}

// DemoMerchant is who sells.
const DemoMerchant id.Merchant = 1

// EachEngine runs a test in a fresh world on every storage engine.
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
		Store: sqlstore.NewPayments(db), Jobs: sqlstore.NewJobs(db),
		Clock:    clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
		Settings: make(map[id.POS]map[string]string),
	}
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

func (w *World) startBank(t *testing.T) {
	t.Helper()
	w.Bank = httptest.NewUnstartedServer(nil)
	simulator, err := sandbox.Registration.Simulator(connector.SimulatorEnvironment{
		Clock: clock.System{}, MaxHang: 3 * time.Second,
		PublicURL: "http://" + w.Bank.Listener.Addr().String() + "/sim/sandbox",
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/sim/sandbox/", http.StripPrefix("/sim/sandbox", simulator))
	w.Bank.Config.Handler = mux
	w.Bank.Start()
	t.Cleanup(w.Bank.Close)
}

func (w *World) fillTables(t *testing.T) {
	t.Helper()
	for i, alias := range []string{"akbank", "garanti"} {
		p := pos.POS{
			ID: id.POS(i + 1), MerchantID: DemoMerchant, Alias: alias, Connector: "sandbox", Status: pos.Active,
			Priority: i, Currencies: []money.Currency{money.TRY}, Programs: []string{[]string{"Axess", "Bonus"}[i]},
			AcceptsDomestic: true, AcceptsForeign: true, Timeout: time.Second, Version: 1,
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

func (w *World) Table(context.Context, id.Merchant) (*routing.Table, error) { return &w.Routes, nil }

func (w *World) Lookup(_ context.Context, digits string) (*bin.Info, error) {
	info, _ := w.Cards.Lookup(digits)
	return info, nil
}

func (w *World) Fingerprint(_ context.Context, m id.Merchant, p card.PAN) (string, error) {
	return fmt.Sprintf("%d-%s-%s", m, p.BIN(6), p.Last4()), nil
}

// PublicURL is where the payer's browser finds us.
const PublicURL = "http://shop.test"

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

func Rate(t *testing.T, s string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func Lira(t *testing.T, s string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(s, money.TRY)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The cards of docs/sandbox.md that the tests pay with.
const (
	GoodCard      = "5421190122090656"
	PoorCard      = "5100050000006661" // NOT_SUFFICIENT_FUNDS
	SoftCard      = "5100560000006669" // DO_NOT_HONOUR
	StrangeCard   = "4242424242424242" // outside of the bank's list
	HoldOnlyCard  = "4043150000006662" // its capture is refused
	KeepMoneyCard = "6501700000006664" // its refund is refused
)

func (w *World) Typed(t *testing.T, number string) card.Card {
	t.Helper()
	pan, err := card.ParsePAN(number)
	if err != nil {
		t.Fatal(err)
	}
	cvv, err := card.ParseCVV("916")
	if err != nil {
		t.Fatal(err)
	}
	return card.Card{PAN: pan, CVV: cvv, Expiry: card.Expiry{Year: 2028, Month: time.April}, Holder: "John Doe"}
}

func (w *World) Caller() payment.Caller {
	return payment.Caller{MerchantID: DemoMerchant, Actor: "credential:1", Surface: payment.SurfaceGateway}
}

// Order is a sale of 1000.00 TRY under a new order number.
func (w *World) Order(t *testing.T, number string) charge.Pay {
	t.Helper()
	return charge.Pay{
		Caller: w.Caller(), Phase: payment.PhaseSale, Group: payment.GroupProduct,
		OrderRef: fmt.Sprintf("ORD-%d", w.orders.Add(1)), OnePerOrder: true,
		Price: Lira(t, "1000.00"), Installments: 1, InterestPayer: installment.PaidByCustomer,
		Card: w.Typed(t, number), ClientIP: netip.MustParseAddr("192.0.2.1"),
	}
}

func (w *World) Hold(t *testing.T, number string) payment.Outcome {
	t.Helper()
	c := w.Order(t, number)
	c.Phase = payment.PhasePreAuthorization
	return w.MustPay(t, c)
}

func (w *World) MustPay(t *testing.T, c charge.Pay) payment.Outcome {
	t.Helper()
	o, err := w.Pay(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Misbehave tells the bank which faults to commit on every request.
func (w *World) Misbehave(t *testing.T, kinds ...string) {
	t.Helper()
	plan := ""
	if len(kinds) > 0 {
		plan = `{"rate":1,"kinds":["` + strings.Join(kinds, `","`) + `"]}`
	}
	w.MisbehaveWith(t, plan)
}

// MisbehaveWith sets the bank's plan of faults, or ends it if there is none.
func (w *World) MisbehaveWith(t *testing.T, body string) {
	t.Helper()
	method := http.MethodPut
	if body == "" {
		method = http.MethodDelete
	}
	w.TellBank(t, method, "_faults", body)
}

// ClearBank has the bank forget all that it booked.
func (w *World) ClearBank(t *testing.T) {
	t.Helper()
	w.TellBank(t, http.MethodDelete, "_ledger", "")
}

func (w *World) TellBank(t *testing.T, method, page, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.Bank.URL+"/sim/sandbox/"+page, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.Bank.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // only the status is of interest
	if response.StatusCode >= 300 {
		t.Fatalf("tell the bank %s: %s", page, response.Status)
	}
}

// Now returns the payment as it is stored, whose items have to add up to it.
func (w *World) Now(t *testing.T, o payment.Outcome) payment.Payment {
	t.Helper()
	p, err := w.Find(t.Context(), DemoMerchant, o.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	zero := money.Zero(p.Price.Currency())
	paid, wallet, commission, refunded := zero, zero, zero, zero
	for _, it := range p.Items {
		paid, wallet = paid.Add(it.Paid), wallet.Add(it.Wallet)
		commission, refunded = commission.Add(it.Commission), refunded.Add(it.Refunded)
	}
	got := [4]money.Amount{paid, wallet, commission, refunded}
	if want := [4]money.Amount{p.Paid, p.Wallet, p.Commission, p.Refunded}; got != want {
		t.Errorf("items add up to %v (paid, wallet, commission, refunded), the payment to %v", got, want)
	}
	return p
}

func WantState(t *testing.T, p payment.Payment, want payment.State) {
	t.Helper()
	if p.State != want {
		t.Fatalf("state = %s, want %s", p.State, want)
	}
}

func WantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != want {
		t.Fatalf("error = %v, want code %s", err, want)
	}
}

// WantBalanced checks that every posting of the payment balances and returns the
// sum per account.
func (w *World) WantBalanced(t *testing.T, o payment.Outcome) map[string]string {
	t.Helper()
	d, err := w.Detail(t.Context(), DemoMerchant, o.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]money.Amount{}
	for _, p := range d.Postings {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
		for _, e := range p.Entries {
			if _, ok := sums[string(e.Account)]; !ok {
				sums[string(e.Account)] = money.Zero(e.Amount.Currency())
			}
			sums[string(e.Account)] = sums[string(e.Account)].Add(e.Amount)
		}
	}
	out := map[string]string{}
	for account, sum := range sums {
		out[account] = sum.Decimal()
	}
	return out
}

// Later lets time pass under the resolver's eyes, and lets it do what is due then.
func (w *World) Later(t interface{ Context() context.Context }, d time.Duration) {
	w.Resolver.Round(t.Context())
	w.Clock.Advance(d)
	w.Resolver.Round(t.Context())
}

// BankLedger returns the bank's ledger as it shows it.
func (w *World) BankLedger(t *testing.T) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Bank.URL+"/sim/sandbox/_ledger", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := w.Bank.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // the body was read
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// RunJobs runs every job that is due now.
func (w *World) RunJobs(t *testing.T) {
	t.Helper()
	runner := job.NewRunner(w.Jobs, w.JobHandlers(), "test", w.Clock, slog.New(slog.DiscardHandler))
	for {
		n, err := runner.Round(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// ByHand is what a person says of an operation.
func ByHand(o id.Operation, approved bool) operation.Resolve {
	return operation.Resolve{MerchantID: 1, Actor: "user:1", Operation: o, Approved: approved, BankReference: "RRN-1", Note: "by telephone"}
}

// Waiting reports whether an operation waits for a person, and holds the count of
// all that do against it.
func (w *World) Waiting(t *testing.T, o payment.Outcome) bool {
	t.Helper()
	all, err := w.UnknownOperations(t.Context(), 1, o.Operation.ID-1, 1)
	if err != nil {
		t.Fatal(err)
	}
	found := len(all) == 1 && all[0].Operation.ID == o.Operation.ID && all[0].Payment.ID == o.Payment.ID
	count, err := w.Store.Waiting(t.Context())
	if err != nil || found && (count.Count == 0 || count.Oldest.IsZero()) {
		t.Errorf("count %+v, %v", count, err)
	}
	return found
}

// Race runs f in n goroutines at once and returns how many said true.
func Race(n int, f func() bool) int {
	var wg sync.WaitGroup
	results := make([]bool, n)
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = f()
		})
	}
	close(start)
	wg.Wait()
	won := 0
	for _, ok := range results {
		if ok {
			won++
		}
	}
	return won
}

func (w *World) TryCapture(t *testing.T, o payment.Outcome, amount string) (payment.Outcome, error) {
	t.Helper()
	return w.Capture(t.Context(), charge.Capture{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: Lira(t, amount)})
}

func (w *World) TryVoid(t *testing.T, o payment.Outcome) (payment.Outcome, error) {
	t.Helper()
	return w.Void(t.Context(), charge.Void{Caller: w.Caller(), PaymentID: o.Payment.UUID})
}

func (w *World) TryRefund(t *testing.T, o payment.Outcome, amount string) (payment.Outcome, error) {
	t.Helper()
	return w.Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: Lira(t, amount)})
}

func WantReason(t *testing.T, p payment.Payment, want connector.Reason) {
	t.Helper()
	if p.State != payment.Declined || p.Result.Reason != want {
		t.Errorf("payment is %s, %s; want declined, %s", p.State, p.Result.Reason, want)
	}
}

// RefusalOf is the code of an error, empty for none.
func RefusalOf(err error) fault.Code {
	if err == nil {
		return ""
	}
	return fault.CodeOf(err)
}
