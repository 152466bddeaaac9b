package simulator

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
)

// maxBody is the largest request that a bank reads, in bytes.
const maxBody = 64 << 10

// Options is what makes one bank differ from another, besides how it speaks.
type Options struct {
	// Name is the protocol's; the ledger's file is named after it.
	Name string
	// Rules are those of the bank's document.
	Rules connector.Rules
	// PageCharset is that of the pages that payers see, UTF-8 if empty.
	PageCharset connector.Charset
	// Return makes the form that takes a payer back to the shop, MAC included; nil
	// for a bank without 3-D Secure.
	Return func(r Return) []connector.Field
}

// Bank is what every simulated bank is made of: books that survive a crash, a day
// whose end a call moves, faults, the page of 3-D Secure, and what testers ask for.
// A protocol's simulator adds how the bank speaks: codec, hashes and codes.
//
// It decides by test card and by its books, and knows every terminal; terminals do
// not see each other. It is safe for concurrent use. Close it after the server that
// uses it has stopped.
type Bank struct {
	options Options
	clock   clock.Clock
	cards   map[string]TestCard
	books   *books
	faults  *Faults
	// payers are being authenticated; a restart sends them away, as a bank's own
	// page would after its time-out.
	payers *payers
	url    string // our own address for browsers
	pages  pages
	mux    *http.ServeMux
}

// Open returns a bank with its books in DataDir/<name>.jsonl, or in memory.
func Open(o Options, env connector.SimulatorEnvironment) (*Bank, error) {
	list, err := TestCards()
	if err != nil {
		return nil, err
	}
	b := &Bank{
		options: o, clock: env.Clock, cards: make(map[string]TestCard, len(list)), books: newBooks(o.Rules),
		faults: NewFaults(env.Clock, env.MaxHang), payers: newPayers(env.Clock), url: env.PublicURL, mux: http.NewServeMux(),
	}
	if b.pages, err = parsePages(); err != nil {
		return nil, err
	}
	for _, c := range list {
		b.cards[c.Number] = c
	}
	if env.DataDir != "" {
		if err := b.books.load(filepath.Join(env.DataDir, o.Name+".jsonl"), env.PowerSafe); err != nil {
			return nil, fmt.Errorf("open books of %s: %w", o.Name, err)
		}
	}
	b.mux.HandleFunc("GET /_ledger", b.showLedger)
	b.mux.HandleFunc("DELETE /_ledger", b.clearLedger)
	b.mux.HandleFunc("POST /_settle", b.settle)
	b.mux.Handle("/_faults", b.faults)
	if o.Return != nil {
		b.mux.HandleFunc("POST "+acsPath, b.serveACS)
		b.mux.HandleFunc("POST "+acsAnswerPath, b.serveACSAnswer)
	}
	return b, nil
}

// ServeHTTP implements http.Handler.
func (b *Bank) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.mux.ServeHTTP(w, r) }

// Close closes the file of the books. Requests after it are answered 500.
func (b *Bank) Close() error { return b.books.journal.Close() }

// Reply is an answer of a bank.
type Reply struct {
	Status int // 200 if zero
	Header http.Header
	Body   []byte
}

// Refuse is a Reply that is no answer of the protocol.
func Refuse(status int, why string) Reply {
	return Reply{
		Status: status, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(why + "\n"),
	}
}

// Handler answers a request whose body was read. An error is of the books, and is
// answered 500: nothing that is not in the file is ever told.
type Handler func(r *http.Request, body []byte) (Reply, error)

// Class says which faults strike a request.
type Class uint8

// The classes.
const (
	// Money moves money, or prepares it.
	Money Class = iota
	// Question changes nothing; it suffers only if the plan says so.
	Question
)

// Handle serves requests of a class at a pattern of http.ServeMux.
func (b *Bank) Handle(pattern string, c Class, h Handler) {
	b.HandleEach(pattern, func(*http.Request, []byte) Class { return c }, h)
}

// HandleEach serves requests whose class shows in their body, for banks that have
// one address for everything.
func (b *Bank) HandleEach(pattern string, classify func(r *http.Request, body []byte) Class, h Handler) {
	b.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "request unreadable or too large", http.StatusBadRequest)
			return
		}
		answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { b.answer(w, r, body, h) })
		if classify(r, body) == Question {
			b.faults.Inquiry(answer).ServeHTTP(w, r)
			return
		}
		b.faults.Money(answer).ServeHTTP(w, r)
	})
}

// HandlePage serves a page to browsers, which no fault strikes.
func (b *Bank) HandlePage(pattern string, h http.HandlerFunc) { b.mux.HandleFunc(pattern, h) }

func (b *Bank) answer(w http.ResponseWriter, r *http.Request, body []byte, h Handler) {
	reply, err := h(r, body)
	if err != nil {
		unavailable(w)
		return
	}
	maps.Copy(w.Header(), reply.Header)
	if reply.Status != 0 {
		w.WriteHeader(reply.Status)
	}
	_, _ = w.Write(reply.Body) // a caller who left will inquire
}

func unavailable(w http.ResponseWriter) {
	http.Error(w, "ledger unavailable", http.StatusInternalServerError)
}

func (b *Bank) showLedger(w http.ResponseWriter, _ *http.Request) {
	rows, err := b.rows()
	if err != nil {
		unavailable(w)
		return
	}
	WriteLedger(w, rows)
}

func (b *Bank) rows() ([]Row, error) {
	rows, position := b.books.rows()
	return rows, b.books.journal.Sync(position)
}

func (b *Bank) clearLedger(w http.ResponseWriter, _ *http.Request) {
	if err := b.books.clear(); err != nil {
		unavailable(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// settle ends the bank's day.
func (b *Bank) settle(w http.ResponseWriter, _ *http.Request) {
	if err := b.Settle(); err != nil {
		unavailable(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Settle ends the bank's day: everything booked until now is settled.
func (b *Bank) Settle() error { return b.books.journal.Sync(b.books.settle(b.clock.Now())) }
