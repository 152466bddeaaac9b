package servertest

import (
	"math/big"
	"net/http"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Detail is what the admin API tells of a payment, as far as tests look at it.
// Amounts are numbers as they were written.
type Detail struct {
	UUID       string         `json:"uuid"`
	State      string         `json:"state"`
	Phase      string         `json:"phase"`
	OrderRef   string         `json:"order_ref"`
	Holds      bool           `json:"holds_order"`
	Currency   string         `json:"currency"`
	Price      jsontext.Value `json:"price"`
	Paid       jsontext.Value `json:"paid"`
	Commission jsontext.Value `json:"commission"`
	Authorized jsontext.Value `json:"authorized"`
	Captured   jsontext.Value `json:"captured"`
	Refunded   jsontext.Value `json:"refunded"`
	Refunding  jsontext.Value `json:"refunding"`
	POSAlias   string         `json:"pos_alias"`
	Operations []Operation    `json:"operations"`
	Ledger     []Entry        `json:"ledger"`
	Routing    struct {
		Candidates []Choice `json:"candidates"`
		Rejected   []Choice `json:"rejected"`
	} `json:"routing"`
}

// Operation is one request to a bank.
type Operation struct {
	ID        int64          `json:"id"`
	Kind      string         `json:"kind"`
	Reference string         `json:"reference"`
	Amount    jsontext.Value `json:"amount"`
	Currency  string         `json:"currency"`
	Status    string         `json:"status"`
	Reason    string         `json:"reason"`
	POSAlias  string         `json:"pos_alias"`
}

// Entry is one side of a posting.
type Entry struct {
	OperationID int64          `json:"operation_id"`
	Account     string         `json:"account"`
	Amount      jsontext.Value `json:"amount"`
	Currency    string         `json:"currency"`
}

// Choice is a POS that routing thought about.
type Choice struct {
	Alias  string `json:"alias"`
	Reason string `json:"reason"`
}

// Detail returns a payment as the merchant's staff sees it.
func (s *Server) Detail(t testing.TB, who Credential, paymentID string) Detail {
	t.Helper()
	return s.detail(t, Request{As: who}, paymentID)
}

// QuickDetail is Detail without the check against the document.
func (s *Server) QuickDetail(t testing.TB, who Credential, paymentID string) Detail {
	t.Helper()
	return s.detail(t, Request{As: who, Unchecked: true}, paymentID)
}

func (s *Server) detail(t testing.TB, r Request, paymentID string) Detail {
	t.Helper()
	r.Method, r.Path = http.MethodGet, "/admin/v1/payments/"+paymentID
	a, ok := s.Send(t, r)
	if !ok || a.Status != http.StatusOK {
		t.Fatalf("payment in the admin API: %d %s", a.Status, a.Body)
	}
	var d Detail
	if err := json.Unmarshal([]byte(a.Body), &d); err != nil {
		t.Fatalf("payment in the admin API: %v", err)
	}
	return d
}

// CheckBooks holds a payment's ledger entries against the payment and its
// operations against the bank's own ledger.
func (s *Server) CheckBooks(t testing.TB, who Credential, paymentID string) {
	t.Helper()
	d := s.Detail(t, who, paymentID)
	d.checkEntries(t)
	d.checkBank(t, s.Bank(t))
}

// checkEntries proves that every posting balances, and that what was sold is
// what the payer paid and did not get back.
func (d Detail) checkEntries(t testing.TB) {
	t.Helper()
	postings := make(map[int64]*big.Rat)
	sold := new(big.Rat)
	for _, e := range d.Ledger {
		if e.Currency != d.Currency {
			t.Errorf("payment %s: entry in %s and payment in %s", d.UUID, e.Currency, d.Currency)
		}
		if postings[e.OperationID] == nil {
			postings[e.OperationID] = new(big.Rat)
		}
		postings[e.OperationID].Add(postings[e.OperationID], rat(t, e.Amount))
		if e.Account == "sales" || e.Account == "customer_interest" {
			sold.Sub(sold, rat(t, e.Amount))
		}
	}
	for operation, sum := range postings {
		if sum.Sign() != 0 {
			t.Errorf("payment %s: the posting of operation %d is off by %s", d.UUID, operation, sum)
		}
	}
	kept := new(big.Rat).Sub(rat(t, d.Captured), rat(t, d.Refunded))
	if d.State == "voided" {
		kept.SetInt64(0)
	}
	if sold.Cmp(kept) != 0 {
		t.Errorf("payment %s (%s): the books say %s was sold, the payment says %s", d.UUID, d.State, sold.FloatString(3),
			kept.FloatString(3))
	}
}

// checkBank proves that what we believe approved is in the bank's ledger, to the
// last digit, and that nothing else of this payment is.
func (d Detail) checkBank(t testing.TB, rows []BankRow) {
	t.Helper()
	for _, o := range d.Operations {
		i := slices.IndexFunc(rows, func(r BankRow) bool { return r.Reference == o.Reference })
		approved := o.Status == "approved" || o.Status == "reversed"
		switch {
		case approved && i < 0:
			t.Errorf("payment %s: %s %s is unknown to the bank", d.UUID, o.Status, o.Kind)
		case !approved && i >= 0 && (o.Status != "open" && o.Status != "unknown"):
			t.Errorf("payment %s: the bank has approved a %s %s", d.UUID, o.Status, o.Kind)
		case approved:
			r := rows[i]
			if r.Kind != o.Kind || r.Currency != o.Currency || string(r.Amount) != string(o.Amount) {
				t.Errorf("payment %s: %s of %s %s is a %s of %s %s at the bank",
					d.UUID, o.Kind, o.Amount, o.Currency, r.Kind, r.Amount, r.Currency)
			}
		}
	}
}

// rat reads a JSON number exactly.
func rat(t testing.TB, v jsontext.Value) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(string(v))
	if !ok {
		t.Fatalf("%s is no number", v)
	}
	return r
}
