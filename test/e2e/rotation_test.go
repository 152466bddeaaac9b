package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/vault"
	"github.com/vezne/vezne/test/servertest"
)

const (
	// rotationVariable says how many cards are stored before the rotation.
	rotationVariable = "VEZNE_TEST_ROTATION_CARDS"
	fewCards         = 3_000
	// rotationLimit is how long a rotation of so many cards may take on a busy
	// machine, with a dead node's lease to wait for.
	rotationLimit = 10 * time.Minute
	rotationPause = 20 * time.Millisecond
)

// TestRotation seals stored cards anew under payments, with the server killed in
// the middle while payments are at their bank. Callers go on and repeat what got
// no answer: no payment is lost or doubled, none fails but for the kill, every
// card opens afterwards, and the old key opens nothing.
func TestRotation(t *testing.T) {
	t.Parallel()
	n := fewCards
	if text := os.Getenv(rotationVariable); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	binary := servertest.Build(t)
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) { rotate(t, binary, engine, n) })
	}
}

func rotate(t *testing.T, binary string, engine storage.Engine, n int) {
	s := servertest.Start(t, servertest.Options{Engine: engine, Binary: binary, LogLevel: "info"})
	if code := s.Stop(); code != 0 {
		t.Fatal("exit code", code)
	}
	o := servertest.Options{
		Engine: engine, Binary: binary, Dir: s.Dir, DSN: s.DSN, LogLevel: "info", Args: []string{"--key-grace", "3s"},
	}
	keyset := vault.KeysetFile{Path: filepath.Join(s.Dir, "keyset.json")}
	old, err := keyset.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tokens := storeCards(t, s.DSN, old, n)

	s = servertest.Start(t, o)
	load := newLoad(t, s)
	keys(t, s, "rotate")
	began := time.Now()
	awaitRotation(t, s, func(r vault.Rotation) bool { return r.Resealed >= int64(n)/3 })
	s = load.crash(t, s, o)
	awaitRotation(t, s, func(r vault.Rotation) bool { return r.Phase == vault.PhaseDone })
	took := time.Since(began)
	keys(t, s, "retire")
	paid, slowest := load.end(t)
	t.Logf("%d cards, %s, killed once: %s, %d payments meanwhile, the slowest %s, %d repeated; %s",
		n, engine, took.Round(time.Second), paid, slowest.Round(time.Millisecond), load.repeated, keys(t, s, "status"))
	if paid == 0 || load.repeated == 0 {
		t.Error("nothing was paid meanwhile, or nothing was on its way at the kill")
	}
	if at := approvedSales(t, s); at != paid || captured(t, s.DSN) != paid {
		t.Errorf("callers know of %d payments, the bank of %d, the database of %d", paid, at, captured(t, s.DSN))
	}
	if code := s.Stop(); code != 0 {
		t.Error("exit code", code)
	}
	fresh, err := keyset.Load(t.Context())
	if err != nil || fresh.Len() != 1 || fresh.PrimaryKeyID() == old.PrimaryKeyID() {
		t.Fatalf("%v, %v", fresh, err)
	}
	checkCards(t, s.DSN, fresh, tokens)
	checkOldKey(t, s.DSN, old)
}

// openVault opens the database as a tool does; the server must be stopped if it
// is to write.
func openVault(t *testing.T, dsn string, k *vault.Keyset) (*storage.DB, *vault.Vault) {
	t.Helper()
	db := storetest.OpenWith(t, dsn, storage.Options{})
	ids := id.NewGenerator(sqlstore.NewSequences(db))
	return db, vault.New(vault.Options{Keyset: k, Store: sqlstore.NewVault(db), IDs: ids, Clock: clock.System{}})
}

// numbered returns a card number of its own for each number.
func numbered(t *testing.T, i int) card.PAN {
	t.Helper()
	for check := range 10 {
		if p, err := card.ParsePAN(fmt.Sprintf("542119%09d%d", i, check)); err == nil {
			return p
		}
	}
	t.Fatal("no check digit fits")
	return card.PAN{}
}

// storeCards stores n cards, and returns the token of each.
func storeCards(t *testing.T, dsn string, k *vault.Keyset, n int) []string {
	t.Helper()
	db, v := openVault(t, dsn, k)
	tokens := make([]string, n)
	var next atomic.Int64
	var storing sync.WaitGroup
	for range 64 {
		storing.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				d := vault.Details{PAN: numbered(t, int(i)), Expiry: card.Expiry{Year: 2030, Month: time.July}, Holder: "Ada"}
				c, err := v.StoreCard(t.Context(), vault.Owner{MerchantID: 1}, d)
				if err != nil {
					t.Error(err)
					return
				}
				tokens[i] = c.Token
			}
		})
	}
	storing.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return tokens
}

func checkCards(t *testing.T, dsn string, k *vault.Keyset, tokens []string) {
	t.Helper()
	db, v := openVault(t, dsn, k)
	defer func() { _ = db.Close() }() // it was only read
	for i, token := range tokens {
		d, err := v.OpenCard(t.Context(), 1, token)
		if err != nil || d.PAN.Reveal() != numbered(t, i).Reveal() {
			t.Fatalf("card %d is lost: %v", i, err)
		}
	}
}

func checkOldKey(t *testing.T, dsn string, old *vault.Keyset) {
	t.Helper()
	db, v := openVault(t, dsn, old)
	defer func() { _ = db.Close() }() // it was only read
	values := sqlstore.NewSealed(db)
	if err := v.CheckKeyset(t.Context(), values, old); err == nil {
		t.Error("the old keyset passes")
	}
	for _, c := range values.SealedColumns() {
		for after := (vault.Row{MerchantID: -1}); ; {
			rows, err := values.SealedValues(t.Context(), c.Name, after, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				break
			}
			for _, r := range rows {
				if _, err := v.Open(t.Context(), c.Subject(r), r.Sealed); err == nil && len(r.Sealed) > 0 {
					t.Errorf("the old key opens %s of %d", c.Name, r.ID)
				}
			}
			after = rows[len(rows)-1].Row
		}
	}
}

// keys runs a command on keys beside the server, and returns what it says.
func keys(t *testing.T, s *servertest.Server, what string) string {
	t.Helper()
	args := []string{"keys", what, "--data", s.Dir, "--database", s.DSN}
	var out bytes.Buffer
	if code := cli.Run(t.Context(), args, cli.World{Stdout: &out, Stderr: &out}); code != 0 {
		t.Fatalf("keys %s: exit code %d: %s", what, code, out.String())
	}
	return out.String()
}

func rotationOf(t *testing.T, dsn string) vault.Rotation {
	t.Helper()
	db, err := storage.Open(t.Context(), dsn, storage.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it was only read
	r, err := sqlstore.NewRotations(db).Rotation(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func awaitRotation(t *testing.T, s *servertest.Server, done func(vault.Rotation) bool) {
	t.Helper()
	if !wait.Poll(t.Context(), rotationLimit, func() bool { return done(rotationOf(t, s.DSN)) }) {
		t.Fatalf("the rotation does not go on: %s", keys(t, s, "status"))
	}
}

// approvedSales returns how many charges the bank has approved and not undone.
func approvedSales(t *testing.T, s *servertest.Server) (n int) {
	t.Helper()
	for _, row := range s.Bank(t) {
		if row.Kind == "sale" && row.Status == "approved" {
			n++
		}
	}
	return n
}

// repeatLimit is how long a caller repeats a payment that got no answer: the
// resolver asks about what a crash left open after the bank's own time-out and a
// grace.
const repeatLimit = 3 * time.Minute

// payers pay all the time.
type payers struct {
	url     atomic.Pointer[string]
	crashed atomic.Bool // the server is about to be killed, or not up again
	stop    chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	paid     int
	repeated int // payments that got no answer at first
	slowest  time.Duration
	failed   []string
}

// newLoad starts callers who pay one after the other.
func newLoad(t *testing.T, s *servertest.Server) *payers {
	t.Helper()
	p := &payers{stop: make(chan struct{})}
	p.url.Store(&s.URL)
	for caller := range 4 {
		p.running.Go(func() {
			again := time.NewTicker(rotationPause)
			defer again.Stop()
			for i := 0; ; i++ {
				p.pay(t, fmt.Sprintf("rotation-%d-%d", caller, i), again.C)
				select {
				case <-again.C:
				case <-p.stop:
					return
				}
			}
		})
	}
	return p
}

// crash kills the server while a payment is at its bank, which approves some and
// answers none, and starts it again while the callers go on.
func (p *payers) crash(t *testing.T, s *servertest.Server, o servertest.Options) *servertest.Server {
	t.Helper()
	p.crashed.Store(true)
	s.Misbehave(t, `{"rate":1,"kinds":["timeout_after_approve","slow"],"slow_ms":2000}`)
	before := approvedSales(t, s)
	if !servertest.Eventually(t, func() bool { return approvedSales(t, s) > before }) {
		t.Error("the bank approves nothing")
	}
	s.Kill()
	if r := rotationOf(t, s.DSN); !r.Running() {
		t.Errorf("the rotation was over before the kill: %+v", r)
	}
	if open(t, s.DSN) == 0 {
		t.Error("no payment was at its bank when the server was killed")
	}
	s = servertest.Start(t, o)
	p.url.Store(&s.URL)
	p.crashed.Store(false)
	return s
}

// pay pays an order, and repeats it with the same idempotency key if the kill of
// the server came between. Only then may it turn out that it was not charged.
func (p *payers) pay(t *testing.T, order string, again <-chan time.Time) {
	began, repeated := time.Now(), false
	for {
		excused := repeated || p.crashed.Load()
		said := p.send(t, order)
		excused = excused || p.crashed.Load()
		settled := strings.Contains(said, `"status":"SUCCESS"`) || repeated && strings.Contains(said, `"status":"FAILED"`)
		if !settled && excused && time.Since(began) < repeatLimit && t.Context().Err() == nil {
			repeated = true
			<-again
			continue
		}
		p.note(said, settled, repeated, time.Since(began))
		return
	}
}

// send asks once and returns what was said, an error too.
func (p *payers) send(t *testing.T, order string) string {
	body := charge("orderId", quoted(order), "pan", quoted(axessCard))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *p.url.Load()+"/api/payment", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", order)
	for name, value := range servertest.Merchant() {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	text, _ := io.ReadAll(answer.Body) // what is missing fails the payment
	_ = answer.Body.Close()            // it was read to its end
	return string(text)
}

func (p *payers) note(said string, settled, repeated bool, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if repeated {
		p.repeated++
	} else {
		p.slowest = max(p.slowest, took)
	}
	switch {
	case !settled:
		p.failed = append(p.failed, said)
	case strings.Contains(said, `"status":"SUCCESS"`):
		p.paid++
	}
}

// end stops the callers and fails the test if any payment failed.
func (p *payers) end(t *testing.T) (paid int, slowest time.Duration) {
	t.Helper()
	close(p.stop)
	p.running.Wait()
	if len(p.failed) > 0 {
		t.Errorf("%d payments failed, the first: %s", len(p.failed), p.failed[0])
	}
	return p.paid, p.slowest
}

// count returns how many payments went through so far.
func (p *payers) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paid
}
