package webhook_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/httpapi/event"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault"
	"github.com/vezne/vezne/internal/webhook"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const (
	demo   id.Merchant = 1
	others id.Merchant = 2
)

var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// timeout is how long the tests' posters wait for an answer.
const timeout = 3 * time.Second

// patient is the time of posters that must have their answer.
const patient = wait.Limit

// world is a webhook service on real storage.
type world struct {
	*webhook.Service
	deps  webhook.Dependencies
	db    *storage.DB
	store *sqlstore.Webhooks
	jobs  *sqlstore.Jobs
	audit *sqlstore.Audit
	ids   *id.Generator
	clock *clock.Manual
	// runners do the deliveries and the events.
	runners []*job.Runner
}

// onSQLite runs a test in a fresh world. It is about the rules of this package, so
// one engine is enough: storetest holds both to the same, and test/parity and
// test/e2e go through the whole on both.
func onSQLite(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	run(t, newWorld(t, storetest.Open(t, storage.SQLite), nil))
}

// newWorld builds a service that may call this machine, unless it gets another
// poster.
func newWorld(t testing.TB, db *storage.DB, poster webhook.Poster) *world {
	t.Helper()
	w := &world{
		db: db, store: sqlstore.NewWebhooks(db), jobs: sqlstore.NewJobs(db), audit: sqlstore.NewAudit(db),
		ids: id.NewGenerator(sqlstore.NewSequences(db)), clock: clock.NewManual(epoch),
	}
	keyset, err := vault.NewKeyset(vault.Demo)
	if err != nil {
		t.Fatal(err)
	}
	if poster == nil {
		poster = egress.NewPoster(egress.Policy{Demo: true}, egress.PosterOptions{Timeout: timeout})
	}
	w.deps = webhook.Dependencies{
		Store: w.store, Events: events(sqlstore.NewPayments(db)), Poster: poster, Addresses: egress.Policy{Demo: true},
		Sealer: vault.New(vault.Options{Keyset: keyset, Store: sqlstore.NewVault(db), IDs: w.ids, Clock: w.clock}),
		IDs:    w.ids, Clock: w.clock, Log: slog.New(slog.DiscardHandler),
	}
	w.Service = webhook.NewService(w.deps)
	w.runners = w.newRunners(t, "node")
	return w
}

// with goes on with a service that works with something else.
func (w *world) with(change func(*webhook.Dependencies)) {
	change(&w.deps)
	w.Service = webhook.NewService(w.deps)
}

// newRunners returns those of one node.
func (w *world) newRunners(t testing.TB, node string) []*job.Runner {
	t.Helper()
	all, err := job.NewRunners(w.jobs, node, w.deps.Clock, w.deps.Log, w.JobHandlers())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// run does everything that is due now, and returns how many jobs that were.
func (w *world) run(t *testing.T) int {
	t.Helper()
	total := 0
	for {
		var n int
		for _, r := range w.runners {
			did, err := r.Round(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n += did
		}
		if n == 0 {
			return total
		}
		total += n
	}
}

// events are those of payments and of checkouts.
func events(p event.Payments) map[job.Kind]webhook.Describer {
	all := make(map[job.Kind]webhook.Describer)
	for _, kind := range slices.Concat(payment.Events(), checkout.Events()) {
		all[kind] = event.NewPayment(p)
	}
	return all
}

func caller(m id.Merchant) webhook.Caller { return webhook.Caller{MerchantID: m, Actor: "admin:test"} }

// endpoint adds an endpoint of the demo merchant.
func (w *world) endpoint(t testing.TB, url string, events ...string) (webhook.Endpoint, secret.Bytes) {
	t.Helper()
	if len(events) == 0 {
		events = []string{"*"}
	}
	e, key, err := w.CreateEndpoint(t.Context(), caller(demo), webhook.Settings{URL: url, Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return e, key
}

// pay stores a captured payment of 100.50 TRY.
func (w *world) pay(t testing.TB) payment.Payment {
	t.Helper()
	n, err := id.Next[id.Payment](t.Context(), w.ids, id.NounPayment)
	if err != nil {
		t.Fatal(err)
	}
	lira := func(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }
	p := payment.Payment{
		ID: n, UUID: id.NewUUID(), MerchantID: demo, Surface: payment.SurfaceGateway, Phase: payment.PhaseSale,
		Group: payment.GroupProduct, State: payment.Captured, OrderRef: "ORD-" + id.NewUUID().String(),
		Price: lira(10050), Paid: lira(10050), Captured: lira(10050), Installments: 1, POSAlias: "akbank",
		Card:      payment.Instrument{Masked: "542119******0656", BIN: "54211901", Last4: "0656", Fingerprint: "print", Bank: "Akbank"},
		Result:    payment.Result{Reason: connector.Success, AuthCode: "123456", At: epoch},
		CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
		Items: []payment.Item{{ID: id.Item(n), Name: "Basket", Price: lira(10050), Paid: lira(10050)}},
	}
	if err := sqlstore.NewPayments(w.db).InTx(t.Context(), func(tx payment.Tx) { tx.InsertPayment(p) }); err != nil {
		t.Fatal(err)
	}
	return p
}

// happen leaves an event about a payment in the outbox, as payments do.
func (w *world) happen(t testing.TB, kind job.Kind, p payment.Payment) job.Job {
	t.Helper()
	n, err := id.Next[id.Job](t.Context(), w.ids, id.NounJob)
	if err != nil {
		t.Fatal(err)
	}
	j := job.Job{
		ID: n, MerchantID: p.MerchantID, Kind: kind, Subject: "payment:" + p.UUID.String(),
		Payload: []byte(`{"payment":"` + p.UUID.String() + `","operation":7,"kind":"sale","status":"approved","reason":"SUCCESS",` +
			`"amount":100.50,"currency":"TRY"}`),
		RunAt: w.clock.Now(), CreatedAt: w.clock.Now(),
	}
	w.enqueue(t, j)
	return j
}

func (w *world) enqueue(t testing.TB, jobs ...job.Job) {
	t.Helper()
	err := w.store.InTx(t.Context(), func(tx webhook.Tx) {
		for _, j := range jobs {
			tx.Enqueue(j)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// log returns the demo merchant's deliveries, oldest first.
func (w *world) log(t *testing.T) []webhook.Delivery {
	t.Helper()
	all, _, err := w.Deliveries(t.Context(), demo, webhook.Filter{Limit: 100, OldestFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// only returns the one delivery of the demo merchant.
func (w *world) only(t *testing.T) webhook.Delivery {
	t.Helper()
	all := w.log(t)
	if len(all) != 1 {
		t.Fatalf("%d deliveries, want 1", len(all))
	}
	return all[0]
}

func (w *world) state(t *testing.T, e id.Endpoint) webhook.State {
	t.Helper()
	found, err := w.Endpoint(t.Context(), demo, e)
	if err != nil {
		t.Fatal(err)
	}
	return found.State
}

// actions returns what the audit log tells of an endpoint, oldest first.
func (w *world) actions(t *testing.T, e webhook.Endpoint) []string {
	t.Helper()
	records, err := w.audit.Records(t.Context(), e.MerchantID, "", sqlstore.AuditKey{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, r := range records {
		actions = append([]string{r.Action}, actions...)
		if strings.Contains(string(r.Detail), "whsec_") {
			t.Errorf("the audit log has a secret: %s", r.Action)
		}
	}
	return actions
}

// call is one request that a receiver got.
type call struct {
	header http.Header
	body   string
}

// verify reports whether the public library takes the call for genuine. Its time
// is the test clock's, so that the library's own clock is left out.
func (c call) verify(t *testing.T, key secret.Bytes) error {
	t.Helper()
	receiver, err := standardwebhooks.NewWebhook(string(key.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	return receiver.VerifyIgnoringTimestamp([]byte(c.body), c.header)
}

// receiver is a merchant's server.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []call
	answer http.HandlerFunc
}

// newReceiver starts a receiver that answers 200 until it is told otherwise.
func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{answer: func(http.ResponseWriter, *http.Request) {}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.calls = append(r.calls, call{request.Header.Clone(), string(body)})
		answer := r.answer
		r.mu.Unlock()
		answer(w, request)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(h http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = h
}

func (r *receiver) answersStatus(status int) {
	r.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
}

func (r *receiver) got() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call(nil), r.calls...)
}

// posterFunc is a webhook.Poster.
type posterFunc func(ctx context.Context, url string, header map[string]string, body []byte) (int, []byte, error)

func (f posterFunc) Post(ctx context.Context, url string, header map[string]string, body []byte) (int, []byte, error) {
	return f(ctx, url, header, body)
}

func isSecret(s secret.Bytes) bool {
	text, ok := strings.CutPrefix(string(s.Reveal()), "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	return ok && err == nil && len(key) >= 24 && len(key) <= 64
}
