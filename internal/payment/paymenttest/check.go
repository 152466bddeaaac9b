package paymenttest

import (
	"context"
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/threeds"
)

// Findings has the books verified, and returns what was found by merchant.
func (w *World) Findings(ctx context.Context, t *testing.T) map[id.Merchant][]ledger.Finding {
	t.Helper()
	all := make(map[id.Merchant][]ledger.Finding)
	_, err := ledger.Verify(ctx, sqlstore.NewLedger(w.DB), func(f ledger.Finding) { all[f.MerchantID] = append(all[f.MerchantID], f) })
	if err != nil {
		t.Error(err)
	}
	return all
}

// proveBooks has the books verified when the test ends, whatever state its payments
// are in by then.
func (w *World) proveBooks(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if w.Forged {
			return
		}
		for _, found := range w.Findings(context.Background(), t) {
			t.Error(found)
		}
	})
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

// WantState ends the test if the payment is in another state.
func WantState(t *testing.T, p payment.Payment, want payment.State) {
	t.Helper()
	if p.State != want {
		t.Fatalf("state = %s, want %s", p.State, want)
	}
}

// WantCode ends the test if the error has another code.
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

// WantReason ends the test if the payment was not declined for this reason.
func WantReason(t *testing.T, p payment.Payment, want connector.Reason) {
	t.Helper()
	if p.State != payment.Declined || p.Result.Reason != want {
		t.Errorf("payment is %s, %s; want declined, %s", p.State, p.Result.Reason, want)
	}
}

// WantNothingBooked holds that our books know nothing of a payment.
func (w *World) WantNothingBooked(t *testing.T, e threeds.Enrolment) {
	t.Helper()
	if sums := w.WantBalanced(t, e.Outcome); len(sums) != 0 {
		t.Errorf("ledger %v", sums)
	}
}
