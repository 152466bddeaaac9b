package charge_test

import (
	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// modelRow is what counts of a row of the bank's ledger.
type modelRow struct {
	kind   connector.Kind
	amount int64
}

// bank reads the bank's ledger: the rows that were not reversed, by reference.
func (m *modelRun) bank() map[string]modelRow {
	var ledger struct {
		Transactions []struct {
			Reference string              `json:"reference"`
			Kind      connector.Kind      `json:"kind"`
			Amount    money.Number        `json:"amount"`
			Status    simulator.RowStatus `json:"status"`
		} `json:"transactions"`
	}
	if err := json.Unmarshal([]byte(m.w.BankLedger(m.t)), &ledger); err != nil {
		m.r.Fatal(err)
	}
	rows := make(map[string]modelRow)
	for _, row := range ledger.Transactions {
		amount, err := row.Amount.Amount(money.TRY)
		if err != nil {
			m.r.Fatal(err)
		}
		if row.Status == simulator.RowApproved {
			rows[row.Reference] = modelRow{kind: row.Kind, amount: amount.Minor()}
		}
	}
	return rows
}

// hold holds a payment against the model: as it is stored, in the books and at
// the bank.
func (m *modelRun) hold(p *modelPayment, bank map[string]modelRow) {
	d, err := m.w.Detail(m.t.Context(), paymenttest.DemoMerchant, p.outcome.Payment.UUID)
	if err != nil {
		m.r.Fatal(err)
	}
	got := [...]int64{d.Payment.Captured.Minor(), d.Payment.Refunded.Minor(), d.Payment.Refunding.Minor()}
	if want := [...]int64{p.captured, p.refunded, p.refunding()}; d.Payment.State != p.state || got != want {
		m.r.Fatalf("payment is %s with captured, refunded, refunding %v; the model says %s, %v", d.Payment.State, got, p.state, want)
	}
	if open := d.Payment.OpenAsk != 0; open != (p.asks(connector.Capture) || p.asks(connector.Void)) {
		m.r.Fatalf("payment has operation %d open, the model says %t", d.Payment.OpenAsk, !open)
	}
	m.holdBooks(p, d)
	m.holdBank(p, d, bank)
}

func (m *modelRun) holdBooks(p *modelPayment, d charge.Detail) {
	sold := int64(0)
	for _, posting := range d.Postings {
		if err := posting.Check(); err != nil {
			m.r.Fatal(err)
		}
		for _, e := range posting.Entries {
			if !e.Account.OfBank() {
				sold -= e.Amount.Minor()
			}
		}
	}
	if sold != p.booked() {
		m.r.Fatalf("the books say that %d was sold, the model %d", sold, p.booked())
	}
}

// holdBank holds that the bank moved what the model says, and that no order was
// charged a second time, by whatever payment.
func (m *modelRun) holdBank(p *modelPayment, d charge.Detail, bank map[string]modelRow) {
	moved := int64(0)
	for _, o := range d.Operations {
		switch row := bank[o.Reference]; row.kind {
		case connector.Sale, connector.Capture:
			moved += row.amount
		case connector.Refund:
			moved -= row.amount
		case connector.Void, connector.Authorize:
		}
	}
	if moved != p.moved() {
		m.r.Fatalf("the bank moved %d for a payment that is %s, the model says %d", moved, p.state, p.moved())
	}
	charges := 0
	for _, o := range m.operationsOf(d.Payment.OrderRef) {
		if kind := bank[o.Reference].kind; kind == connector.Sale || kind == connector.Authorize {
			charges++
		}
	}
	if charges > 1 {
		m.r.Fatalf("order %s was charged %d times", d.Payment.OrderRef, charges)
	}
}

// operationsOf returns the operations of all payments of an order.
func (m *modelRun) operationsOf(order string) []payment.Operation {
	var all []payment.Operation
	seen := make(map[id.Payment]bool)
	for _, p := range m.payments {
		paid := p.outcome.Payment
		if paid.OrderRef != order || seen[paid.ID] {
			continue
		}
		seen[paid.ID] = true
		operations, err := m.w.Store.Operations(m.t.Context(), paymenttest.DemoMerchant, paid.ID)
		if err != nil {
			m.r.Fatal(err)
		}
		all = append(all, operations...)
	}
	return all
}
