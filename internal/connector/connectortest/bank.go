package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

const (
	// patience is how long a test waits for what must happen.
	patience = 30 * time.Second
	// impatience is the deadline of a call that is meant to run into it: long
	// enough that a busy machine has booked by then.
	impatience = time.Second
)

// bank is a running simulator and a connector to it. Whatever the connector and
// the server say is kept and searched for card data at the end.
type bank struct {
	t      *testing.T
	suite  suite
	dir    string
	server *httptest.Server
	http   *http.Client
	conn   connector.Connector
	refs   atomic.Int64
	// enrolled are the cards of enrolments, by reference.
	enrolled map[string]card.Card
	memos    map[string]connector.Memo
	// sent are the follow-ups of each original that were sent, by its reference.
	sent map[string][]connector.Sibling

	mu   sync.Mutex
	said bytes.Buffer
}

// start runs a simulator on a folder of its own.
func (s suite) start(t *testing.T) *bank { return s.startIn(t, t.TempDir(), nil) }

func (s suite) startIn(t *testing.T, dir string, around func(http.Handler) http.Handler) *bank {
	t.Helper()
	b := &bank{t: t, suite: s, dir: dir, enrolled: make(map[string]card.Card), memos: make(map[string]connector.Memo), sent: make(map[string][]connector.Sibling)}
	prefix := "/sim/" + s.registration.Name
	b.server = httptest.NewUnstartedServer(nil)
	simulator, err := s.registration.Simulator(connector.SimulatorEnvironment{
		Clock: clock.System{}, DataDir: dir, MaxHang: 2 * patience,
		PublicURL: "http://" + b.server.Listener.Addr().String() + prefix,
	})
	if err != nil {
		t.Fatalf("start simulator: %v", err)
	}
	b.server.Config.ErrorLog = log.New(b, "", 0)
	b.server.Config.Handler = http.StripPrefix(prefix, except(simulator, around))
	b.server.Start()
	b.http = wire.NewClient(wire.Options{})
	b.conn, err = s.registration.Open(s.cases.Settings, b.environment())
	if err != nil {
		t.Fatalf("open connector: %v", err)
	}
	t.Cleanup(func() {
		b.searchForCardData()
		b.stop(simulator)
	})
	return b
}

// except leaves the simulator's own endpoints alone.
func except(h http.Handler, around func(http.Handler) http.Handler) http.Handler {
	if around == nil {
		return h
	}
	wrapped := around(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_") {
			h.ServeHTTP(w, r)
			return
		}
		wrapped.ServeHTTP(w, r)
	})
}

func (b *bank) stop(simulator http.Handler) {
	b.http.CloseIdleConnections()
	b.server.CloseClientConnections()
	b.server.Close()
	if c, ok := simulator.(io.Closer); ok {
		if err := c.Close(); err != nil {
			b.t.Errorf("close simulator: %v", err)
		}
	}
}

func (b *bank) environment() connector.Environment {
	return connector.Environment{
		HTTP: b.http, Clock: clock.System{}, TestMode: true, SimulatorURL: b.server.URL + "/sim",
	}
}

// Write keeps what the server logs.
func (b *bank) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.Write(p)
}

// heard keeps an answer and its error.
func (b *bank) heard(a connector.Answer, err error) {
	_, _ = fmt.Fprintf(b, "%+v %s %v\n", a, []byte(a.Memo), err) // b never fails
	if len(a.Memo) > connector.MaxMemo {
		b.t.Errorf("memo of %d bytes, at most %d are kept", len(a.Memo), connector.MaxMemo)
	}
}

func (b *bank) reference() string { return fmt.Sprintf("CT%018d", b.refs.Add(1)) }

func (b *bank) amount(minor int64) money.Amount {
	return money.FromMinor(minor, b.suite.cases.Currency)
}

// charge asks for a sale or a hold with the approved card.
func (b *bank) charge(ctx context.Context, k connector.Kind, ref string, minor int64) (connector.Answer, error) {
	return b.chargeCard(ctx, k, ref, minor, b.suite.cases.Approved)
}

func (b *bank) chargeCard(ctx context.Context, k connector.Kind, ref string, minor int64, c card.Card) (connector.Answer, error) {
	a, err := b.conn.Authorize(ctx, connector.Charge{
		Kind: k, Reference: ref, Amount: b.amount(minor), Installments: 1, Card: c,
	})
	b.heard(a, err)
	return a, err
}

// approved charges and insists on an approval; it returns what follow-ups name.
func (b *bank) approved(k connector.Kind, minor int64) connector.Original {
	b.t.Helper()
	ref := b.reference()
	a, err := b.charge(b.t.Context(), k, ref, minor)
	b.wantOutcome(a, err, connector.Approved)
	return b.original(k, ref, minor, a)
}

func (b *bank) original(k connector.Kind, ref string, minor int64, a connector.Answer) connector.Original {
	return connector.Original{
		Kind: k, Reference: ref, Installments: 1, Memo: a.Memo, TransactionID: a.TransactionID, HostReference: a.HostReference,
		AuthCode: a.AuthCode, Amount: b.amount(minor), At: now(),
	}
}

// follow sends a capture, a void or a refund.
func (b *bank) follow(ctx context.Context, k connector.Kind, ref string, minor int64, o connector.Original) (connector.Answer, error) {
	f := connector.FollowUp{Kind: k, Reference: ref, Amount: b.amount(minor), Original: o}
	var a connector.Answer
	var err error
	switch k {
	case connector.Capture:
		a, err = b.conn.(connector.Capturer).Capture(ctx, f)
	case connector.Void:
		a, err = b.conn.(connector.Voider).Void(ctx, f)
	case connector.Refund:
		a, err = b.conn.(connector.Refunder).Refund(ctx, f)
	case connector.Sale, connector.Authorize:
		b.t.Fatalf("%s is no follow-up", k)
	}
	b.heard(a, err)
	if a.Outcome != connector.Unsent {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sent[o.Reference] = append(b.sent[o.Reference], connector.Sibling{
			Kind: k, Reference: ref, TransactionID: a.TransactionID, Amount: f.Amount, At: now(), Outcome: a.Outcome,
		})
	}
	return a, err
}

// siblings are the other follow-ups of an original.
func (b *bank) siblings(ref string, o connector.Original) []connector.Sibling {
	b.mu.Lock()
	defer b.mu.Unlock()
	var others []connector.Sibling
	for _, s := range b.sent[o.Reference] {
		if s.Reference != ref {
			others = append(others, s)
		}
	}
	return others
}

func (b *bank) inquire(k connector.Kind, ref string, minor int64, o connector.Original) (connector.Finding, error) {
	f, err := b.conn.Inquire(b.t.Context(), connector.Inquiry{
		Kind: k, Reference: ref, Amount: b.amount(minor), At: now(), Memo: b.memos[ref], Original: o, Siblings: b.siblings(ref, o),
	})
	b.heard(f.Answer, err)
	return f, err
}

// eventually inquires until the request is known: a slow bank takes its time.
func (b *bank) eventually(k connector.Kind, ref string, minor int64, o connector.Original) connector.Finding {
	b.t.Helper()
	for end := now().Add(patience); ; {
		f, err := b.inquire(k, ref, minor, o)
		if err != nil {
			b.t.Fatalf("inquire: %v", err)
		}
		if !f.Missing && f.Outcome != connector.Unknown {
			return f
		}
		if now().After(end) {
			b.t.Fatalf("inquiry never found %s", ref)
		}
	}
}

func (b *bank) wantOutcome(a connector.Answer, err error, want connector.Outcome) {
	b.t.Helper()
	if a.Outcome != want {
		b.t.Fatalf("outcome = %d (reason %q, error %v), want %d", a.Outcome, a.Reason, err, want)
	}
	if certain := want == connector.Approved || want == connector.Declined; certain != (err == nil) {
		b.t.Fatalf("outcome %d with error %v", want, err)
	}
}

// wantDeclined insists on a refusal with one of the reasons.
func (b *bank) wantDeclined(a connector.Answer, err error, reasons ...connector.Reason) {
	b.t.Helper()
	b.wantOutcome(a, err, connector.Declined)
	if len(reasons) > 0 && !slices.Contains(reasons, a.Reason) {
		b.t.Fatalf("reason = %q, want one of %q", a.Reason, reasons)
	}
}

// row is a line of a simulator's ledger as the outside sees it.
type row struct {
	Reference  string       `json:"reference"`
	Kind       string       `json:"kind"`
	Amount     money.Number `json:"amount"`
	Currency   string       `json:"currency"`
	Status     string       `json:"status"`
	Original   string       `json:"original"`
	CardLast4  string       `json:"card_last4"`
	ApprovedAt time.Time    `json:"approved_at"`
}

// ledger reads the simulator's books.
func (b *bank) ledger() []row {
	b.t.Helper()
	body := b.control(http.MethodGet, "/_ledger", "", http.StatusOK)
	var l struct {
		Transactions []row `json:"transactions"`
	}
	if err := json.Unmarshal(body, &l, json.RejectUnknownMembers(true)); err != nil {
		b.t.Fatalf("read ledger: %v", err)
	}
	return l.Transactions
}

// booked returns the ledger's row of a reference, and insists on at most one.
func (b *bank) booked(ref string) (row, bool) {
	b.t.Helper()
	return b.only(ref, func(r row) bool { return r.Reference == ref })
}

// followed returns the row of a follow-up: by its reference, or where the bank does
// not hear that as the only one of its kind and original.
func (b *bank) followed(k connector.Kind, ref string, o connector.Original) (row, bool) {
	b.t.Helper()
	if b.suite.cases.Bank.Rules.OwnReference {
		return b.booked(ref)
	}
	return b.only(ref, func(r row) bool { return r.Kind == string(k) && r.Original == o.Reference })
}

func (b *bank) only(ref string, is func(row) bool) (row, bool) {
	b.t.Helper()
	var found []row
	for _, r := range b.ledger() {
		if is(r) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return row{}, false
	case 1:
		return found[0], true
	}
	b.t.Fatalf("%d rows of %s in the ledger", len(found), ref)
	return row{}, false
}

// fault makes every money request fail in one way.
func (b *bank) fault(kind string, slowMillis int) {
	b.t.Helper()
	b.control(http.MethodPut, "/_faults",
		fmt.Sprintf(`{"rate":1,"kinds":[%q],"slow_ms":%d}`, kind, slowMillis), http.StatusOK)
}

// settle ends the bank's day.
func (b *bank) settle() {
	b.t.Helper()
	b.control(http.MethodPost, "/_settle", "", http.StatusNoContent)
}

// untilRefundable ends the day at a bank that refunds on later days alone.
func (b *bank) untilRefundable() {
	b.t.Helper()
	if !b.suite.cases.Bank.Rules.RefundBeforeDayEnd {
		b.settle()
	}
}

func (b *bank) noFaults() {
	b.t.Helper()
	b.control(http.MethodDelete, "/_faults", "", http.StatusOK)
}

func (b *bank) control(method, path, body string, want int) []byte {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := wire.Do(ctx, b.http, wire.Request{
		Method: method, URL: b.server.URL + "/sim/" + b.suite.registration.Name + path, Body: []byte(body),
	})
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	if r.Status != want {
		b.t.Fatalf("%s %s: status %d, want %d", method, path, r.Status, want)
	}
	return r.Body
}

// searchForCardData looks for card numbers in everything that was said, shown or
// written, and for security codes in what was said.
func (b *bank) searchForCardData() {
	said := b.text()
	shown := string(b.control(http.MethodGet, "/_ledger", "", http.StatusOK))
	written := b.files()
	for _, c := range []card.Card{b.suite.cases.Approved, b.suite.cases.Declined} {
		for _, text := range []string{said, shown, written} {
			refuseText(b.t, text, c.PAN.Reveal())
			refuseText(b.t, text, `"`+c.CVV.Reveal()+`"`)
		}
	}
}

func (b *bank) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.String()
}

func (b *bank) files() string {
	var all strings.Builder
	err := filepath.WalkDir(b.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // the test's own folder
		all.Write(content)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.t.Errorf("read ledger files: %v", err)
	}
	return all.String()
}

// refuseText fails without repeating what must not be there.
func refuseText(t *testing.T, text, secret string) {
	t.Helper()
	if i := strings.Index(text, secret); i >= 0 {
		t.Errorf("card data or a secret at byte %d of what was said, shown or written", i)
	}
}

// exactly compares amounts and memos by what they hold.
var exactly = cmp.Options{
	cmp.Comparer(func(a, b money.Amount) bool { return a == b }),
	cmpopts.EquateEmpty(),
}

func now() time.Time { return clock.System{}.Now() }
