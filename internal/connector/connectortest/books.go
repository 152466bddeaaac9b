package connectortest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

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
