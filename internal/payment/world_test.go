package payment_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// world is a payment service on real storage with the sandbox bank behind it.
type world struct {
	*payment.Service
	store    *sqlstore.Payments
	jobs     *sqlstore.Jobs
	resolver *payment.Resolver
	clock    *clock.Manual
	bank     *httptest.Server
	table    routing.Table
	bins     *bin.Table
	orders   atomic.Int64
	// settings are those of POSes that do not have the defaults.
	settings map[id.POS]map[string]string
	// halfSecure and hosts are the merchant's settings.
	halfSecure bool
	hosts      string
	// flying are the cards in flight.
	flying *ephemeral.Memory
}

const demoMerchant id.Merchant = 1

// eachEngine runs a test in a fresh world on every storage engine.
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
		store: sqlstore.NewPayments(db), jobs: sqlstore.NewJobs(db),
		clock:    clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
		settings: make(map[id.POS]map[string]string),
	}
	w.flying = ephemeral.NewMemory(w.clock)
	w.startBank(t)
	w.fillTables(t)
	registry, err := pos.NewRegistry(pos.Options{
		Registrations: []connector.Registration{sandbox.Registration},
		Environment: connector.Environment{
			HTTP: wire.NewClient(wire.Options{}), Clock: w.clock, SimulatorURL: w.bank.URL + "/sim", TestMode: true,
		},
		Opener: func(_ context.Context, p pos.POS) (map[string]string, error) { return w.settings[p.ID], nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Service = payment.NewService(payment.Dependencies{
		Store: w.store, Tables: w, BINs: w, Banks: registry, Prints: w, Sealer: vaulttest.Sealer{}, Merchants: w, Addresses: addresses{},
		InFlight:  ephemeral.New(w.flying, vaulttest.Sealer{}, w.clock),
		PublicURL: publicURL, IDs: id.NewGenerator(sqlstore.NewSequences(db)), Clock: w.clock, Log: slog.New(slog.DiscardHandler),
	})
	w.resolver = payment.NewResolver(w.Service)
	return w
}

func (w *world) startBank(t *testing.T) {
	t.Helper()
	w.bank = httptest.NewUnstartedServer(nil)
	simulator, err := sandbox.Registration.Simulator(connector.SimulatorEnvironment{
		Clock: clock.System{}, MaxHang: 3 * time.Second,
		PublicURL: "http://" + w.bank.Listener.Addr().String() + "/sim/sandbox",
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/sim/sandbox/", http.StripPrefix("/sim/sandbox", simulator))
	w.bank.Config.Handler = mux
	w.bank.Start()
	t.Cleanup(w.bank.Close)
}

func (w *world) fillTables(t *testing.T) {
	t.Helper()
	for i, alias := range []string{"akbank", "garanti"} {
		p := pos.POS{
			ID: id.POS(i + 1), MerchantID: demoMerchant, Alias: alias, Connector: "sandbox", Status: pos.Active,
			Priority: i, Currencies: []money.Currency{money.TRY}, Programs: []string{[]string{"Axess", "Bonus"}[i]},
			AcceptsDomestic: true, AcceptsForeign: true, Timeout: time.Second, Version: 1,
		}
		w.table.POSes = append(w.table.POSes, p)
		w.table.Plans = append(w.table.Plans,
			installment.Plan{ID: id.Plan(10*i + 1), MerchantID: demoMerchant, POSID: p.ID, Count: 1, CommissionRate: rate(t, "1.99"), Active: true},
			installment.Plan{
				ID: id.Plan(10*i + 3), MerchantID: demoMerchant, POSID: p.ID, Program: p.Programs[0], Count: 3,
				CommissionRate: rate(t, "2.89"), CustomerRate: rate(t, "3.50"), Active: true,
			})
	}
	var err error
	w.bins, err = bin.NewTable([]bin.Info{
		{Prefix: "542119", BankCode: "0046", Bank: "Akbank", Scheme: card.Mastercard, Type: card.Credit, Program: "Axess", Brand: "Axess", Domestic: true},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) Table(context.Context, id.Merchant) (*routing.Table, error) { return &w.table, nil }

func (w *world) Lookup(_ context.Context, digits string) (*bin.Info, error) {
	info, _ := w.bins.Lookup(digits)
	return info, nil
}

func (w *world) Fingerprint(_ context.Context, m id.Merchant, p card.PAN) (string, error) {
	return fmt.Sprintf("%d-%s-%s", m, p.BIN(6), p.Last4()), nil
}

// publicURL is where the payer's browser finds us.
const publicURL = "http://shop.test"

func (w *world) Merchant(_ context.Context, m id.Merchant) (merchant.Merchant, error) {
	return merchant.Merchant{ID: m, Active: true, HalfSecure: w.halfSecure, Hosts: w.hosts}, nil
}

// addresses allows our own pages and the hosts of the list.
type addresses struct{}

func (addresses) Check(address, hosts string) error {
	u, err := url.Parse(address)
	if err != nil || (hosts != "" && !strings.HasPrefix(address, publicURL+"/") && !slices.Contains(strings.Fields(hosts), u.Hostname())) {
		return errors.New("must be on a host that the merchant has allowed")
	}
	return nil
}

func rate(t *testing.T, s string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func lira(t *testing.T, s string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(s, money.TRY)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The cards of docs/sandbox.md that the tests pay with.
const (
	goodCard      = "5421190122090656"
	poorCard      = "5100050000006661" // NOT_SUFFICIENT_FUNDS
	softCard      = "5100560000006669" // DO_NOT_HONOUR
	strangeCard   = "4242424242424242" // outside of the bank's list
	holdOnlyCard  = "4043150000006662" // its capture is refused
	keepMoneyCard = "6501700000006664" // its refund is refused
)

func (w *world) typed(t *testing.T, number string) card.Card {
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

func (w *world) caller() payment.Caller {
	return payment.Caller{MerchantID: demoMerchant, Actor: "credential:1", Surface: payment.SurfaceGateway}
}

// order is a sale of 1000.00 TRY under a new order number.
func (w *world) order(t *testing.T, number string) payment.Pay {
	t.Helper()
	return payment.Pay{
		Caller: w.caller(), Phase: payment.PhaseSale, Group: payment.GroupProduct,
		OrderRef: fmt.Sprintf("ORD-%d", w.orders.Add(1)), OnePerOrder: true,
		Price: lira(t, "1000.00"), Installments: 1, InterestPayer: installment.PaidByCustomer,
		Card: w.typed(t, number), ClientIP: netip.MustParseAddr("192.0.2.1"),
	}
}

func (w *world) hold(t *testing.T, number string) payment.Outcome {
	t.Helper()
	c := w.order(t, number)
	c.Phase = payment.PhasePreAuthorization
	return w.mustPay(t, c)
}

func (w *world) mustPay(t *testing.T, c payment.Pay) payment.Outcome {
	t.Helper()
	o, err := w.Pay(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// misbehave tells the bank which faults to commit on every request.
func (w *world) misbehave(t *testing.T, kinds ...string) {
	t.Helper()
	plan := ""
	if len(kinds) > 0 {
		plan = `{"rate":1,"kinds":["` + strings.Join(kinds, `","`) + `"]}`
	}
	w.misbehaveWith(t, plan)
}

// misbehaveWith sets the bank's plan of faults, or ends it if there is none.
func (w *world) misbehaveWith(t *testing.T, body string) {
	t.Helper()
	method := http.MethodPut
	if body == "" {
		method = http.MethodDelete
	}
	w.tellBank(t, method, "_faults", body)
}

// clearBank has the bank forget all that it booked.
func (w *world) clearBank(t *testing.T) {
	t.Helper()
	w.tellBank(t, http.MethodDelete, "_ledger", "")
}

func (w *world) tellBank(t *testing.T, method, page, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, w.bank.URL+"/sim/sandbox/"+page, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.bank.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // only the status is of interest
	if response.StatusCode >= 300 {
		t.Fatalf("tell the bank %s: %s", page, response.Status)
	}
}

// now returns the payment as it is stored, whose items have to add up to it.
func (w *world) now(t *testing.T, o payment.Outcome) payment.Payment {
	t.Helper()
	p, err := w.Find(t.Context(), demoMerchant, o.Payment.UUID)
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

func wantState(t *testing.T, p payment.Payment, want payment.State) {
	t.Helper()
	if p.State != want {
		t.Fatalf("state = %s, want %s", p.State, want)
	}
}

func wantCode(t *testing.T, err error, want fault.Code) {
	t.Helper()
	if err == nil || fault.CodeOf(err) != want {
		t.Fatalf("error = %v, want code %s", err, want)
	}
}

// wantBalanced checks that every posting of the payment balances and returns the
// sum per account.
func (w *world) wantBalanced(t *testing.T, o payment.Outcome) map[string]string {
	t.Helper()
	d, err := w.Detail(t.Context(), demoMerchant, o.Payment.UUID)
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

// later lets time pass under the resolver's eyes, and lets it do what is due then.
func (w *world) later(t interface{ Context() context.Context }, d time.Duration) {
	w.resolver.Round(t.Context())
	w.clock.Advance(d)
	w.resolver.Round(t.Context())
}
