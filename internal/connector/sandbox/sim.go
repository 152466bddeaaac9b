package sandbox

import (
	"io"
	"net/http"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/secret"
)

// maxOrder is the largest request that the bank reads, in bytes.
const maxOrder = 64 << 10

// simulatedBank is the bank itself: it checks every MAC, decides by card and by
// its own ledger, and answers only what is already on disk. Terminals exist as
// soon as somebody uses them; all share one key.
type simulatedBank struct {
	macs   *authenticator
	clock  clock.Clock
	cards  map[string]TestCard
	ledger *ledger
	faults *simulator.Faults
	// enrolments are the payers who are being authenticated; a restart sends them
	// away, as a bank's own page would after its time-out.
	enrolments *enrolments
	url        string // our own address for browsers
	pages      pages
	http.Handler
}

// newSimulator returns the bank with its ledger in env.DataDir/sandbox.jsonl, or
// in memory. The handler is also an io.Closer, which closes that file.
func newSimulator(env connector.SimulatorEnvironment) (http.Handler, error) {
	list, err := TestCards()
	if err != nil {
		return nil, err
	}
	b := &simulatedBank{
		macs: newAuthenticator(secret.FromString(DefaultKey)), clock: env.Clock,
		cards: make(map[string]TestCard, len(list)), ledger: newLedger(),
		faults: simulator.NewFaults(env.Clock, env.MaxHang), enrolments: newEnrolments(env.Clock), url: env.PublicURL,
	}
	if b.pages, err = parsePages(); err != nil {
		return nil, err
	}
	for _, c := range list {
		b.cards[c.Number] = c
	}
	if env.DataDir != "" {
		if err := b.ledger.load(filepath.Join(env.DataDir, "sandbox.jsonl"), env.PowerSafe); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("POST "+transactionsPath, b.faults.Money(http.HandlerFunc(b.serveTransaction)))
	mux.Handle("POST "+inquiriesPath, b.faults.Inquiry(http.HandlerFunc(b.serveInquiry)))
	mux.Handle("POST "+enrolmentsPath, b.faults.Money(http.HandlerFunc(b.serveEnrolment)))
	mux.HandleFunc("POST "+acsPath, b.serveACS)
	mux.HandleFunc("POST "+acsAnswerPath, b.serveACSAnswer)
	mux.HandleFunc("GET /_ledger", b.showLedger)
	mux.HandleFunc("DELETE /_ledger", b.clearLedger)
	mux.Handle("/_faults", b.faults)
	b.Handler = mux
	return b, nil
}

// Close closes the ledger's file. Requests after it are answered 500.
func (b *simulatedBank) Close() error { return b.ledger.journal.Close() }

func (b *simulatedBank) serveTransaction(w http.ResponseWriter, r *http.Request) {
	var o order
	request, ok := b.read(w, r, transactionsPath, &o)
	if !ok {
		return
	}
	e, position := b.decide(o)
	if err := b.ledger.journal.Sync(position); err != nil {
		http.Error(w, "ledger unavailable", http.StatusInternalServerError)
		return
	}
	b.answer(w, request, e)
}

func (b *simulatedBank) serveInquiry(w http.ResponseWriter, r *http.Request) {
	var q question
	request, ok := b.read(w, r, inquiriesPath, &q)
	if !ok {
		return
	}
	found, position := b.ledger.find(q)
	// An order may be found that is not on disk yet, and that a crash would undo.
	if err := b.ledger.journal.Sync(position); err != nil {
		http.Error(w, "ledger unavailable", http.StatusInternalServerError)
		return
	}
	b.answer(w, request, found)
}

// read returns the request's MAC and its message. Nothing is parsed before the
// MAC was found right. If it is not ok, the refusal has been sent.
func (b *simulatedBank) read(w http.ResponseWriter, r *http.Request, path string, message any) (string, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxOrder))
	if err != nil {
		http.Error(w, "request unreadable or too large", http.StatusBadRequest)
		return "", false
	}
	request := b.macs.request(path, body)
	if !macEqual(r.Header.Get(macHeader), request) {
		http.Error(w, "wrong MAC", http.StatusUnauthorized)
		return "", false
	}
	if err := json.Unmarshal(body, message, json.RejectUnknownMembers(true)); err != nil {
		http.Error(w, "malformed message", http.StatusBadRequest)
		return "", false
	}
	return request, true
}

func (b *simulatedBank) answer(w http.ResponseWriter, request string, message any) {
	body, err := json.Marshal(message)
	if err != nil {
		http.Error(w, "answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set(macHeader, b.macs.answer(request, body))
	_, _ = w.Write(body) // a caller who left will inquire
}

func (b *simulatedBank) showLedger(w http.ResponseWriter, _ *http.Request) {
	rows, position := b.ledger.rows()
	if err := b.ledger.journal.Sync(position); err != nil {
		http.Error(w, "ledger unavailable", http.StatusInternalServerError)
		return
	}
	simulator.WriteLedger(w, rows)
}

func (b *simulatedBank) clearLedger(w http.ResponseWriter, _ *http.Request) {
	if err := b.ledger.clear(); err != nil {
		http.Error(w, "ledger unavailable", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
