package ledger_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
)

// endless has as many payments as it says, all sold and booked, and makes each up
// when it is asked for.
type endless struct {
	empty

	payments int64
	most     uint64 // bytes in use, as far as it was looked at
	err      error
}

func (e *endless) OtherPostings(context.Context, ledger.SourceKey, int) ([]ledger.Posting, error) {
	return nil, e.err
}

func (e *endless) Records(_ context.Context, after ledger.RecordKey, limit int) ([]ledger.Record, error) {
	n := numberOf(after.UUID)
	if n%5_000 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		e.most = max(e.most, m.HeapAlloc)
	}
	var page []ledger.Record
	for ; n < e.payments && len(page) < limit; n++ {
		page = append(page, sold(n+1))
	}
	return page, nil
}

func numberOf(u id.UUID) (n int64) {
	for _, b := range u[8:] {
		n = n<<8 | int64(b)
	}
	return n
}

// sold is a sale of 100.00 that was captured.
func sold(n int64) ledger.Record {
	at := time.Unix(n, 0)
	r := ledger.Record{
		Terms:      ledger.Terms{Price: lira(100_00), Paid: lira(100_00), Wallet: lira(0), CommissionRate: 2_000_000},
		MerchantID: 1, ID: id.Payment(n), State: "captured", HoldsOrder: true, POSID: 3, Commission: lira(2_00),
		Authorized: lira(0), Captured: lira(100_00), Refunded: lira(0), Refunding: lira(0),
		Items: []ledger.Item{{
			ID: id.Item(n), Price: lira(100_00), Paid: lira(100_00), Wallet: lira(0), Taken: lira(100_00),
			Commission: lira(2_00), Refunded: lira(0), Refunding: lira(0),
		}},
		Operations: []ledger.Operation{{
			ID: id.Operation(n), AskID: id.Operation(n), Kind: connector.Sale, POSID: 3, Reference: "R", Amount: lira(100_00), Status: "approved",
			ResultAt: at,
		}},
	}
	for i := range 8 {
		r.UUID[15-i] = byte(n >> (8 * i)) //nolint:gosec // the byte is wanted
	}
	r.Postings = []ledger.Posting{{
		ID: id.Posting(n), MerchantID: 1, Source: ledger.OperationApproved(id.Operation(n)), PaymentID: r.ID, At: at,
		Entries: r.Taken(r.Captured).Entries(3),
	}}
	return r
}

// fromWallet is sold, but paid from the wallet of a buyer.
func fromWallet(t *testing.T, buyer id.Member) ledger.Record {
	t.Helper()
	r := sold(1)
	r.Wallet, r.CommissionRate, r.Commission, r.Buyer, r.POSID = r.Paid, 0, lira(0), buyer, 0
	r.Items[0].Wallet, r.Items[0].Commission = r.Paid, lira(0)
	r.Operations[0].POSID = 0
	r.Postings[0].Entries = r.Taken(r.Captured).EntriesOn(ledger.WalletOf(buyer))
	return r
}

func TestVerify(t *testing.T) {
	t.Parallel()
	t.Run("memory_does_not_grow_with_the_books", func(t *testing.T) {
		t.Parallel()
		const payments, bound = 20_000, 10 << 20 // each would be over 1 kB
		e := &endless{payments: payments}
		proof, err := ledger.Verify(t.Context(), e, func(f ledger.Finding) { t.Error(f) })
		if err != nil || proof != (ledger.Proof{Payments: payments, Postings: payments}) {
			t.Errorf("%+v, %v", proof, err)
		}
		if e.most > bound {
			t.Errorf("%d MB in use", e.most>>20)
		}
	})
	t.Run("what_cannot_be_read_is_no_proof", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("broken")
		if _, err := ledger.Verify(t.Context(), &endless{payments: 3, err: broken}, func(ledger.Finding) {}); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an_amount_paid_by_a_wallet_alone_needs_no_bank", func(t *testing.T) {
		t.Parallel()
		wantFindings(t, fromWallet(t, 7))
	})
	t.Run("a_wallet_and_a_bank_are_not_mistaken_for_each_other", func(t *testing.T) {
		t.Parallel()
		r := fromWallet(t, 7)
		r.Buyer = 8
		wantFindings(t, r, ledger.PostingDiffers)
		r = fromWallet(t, 7)
		r.Operations = nil
		wantFindings(t, r, ledger.StateDiffers, ledger.SumDiffers, ledger.PostingUnfounded)
		r = fromWallet(t, 7)
		r.POSID, r.Operations[0].POSID = 3, 3
		wantFindings(t, r, ledger.OperationDiffers)
		r = sold(1)
		r.POSID, r.Operations[0].POSID = 0, 0
		wantFindings(t, r, ledger.OperationDiffers, ledger.PostingDiffers)
	})
	t.Run("more_than_the_hold_may_be_captured", func(t *testing.T) {
		t.Parallel()
		r := sold(1)
		r.Hold, r.Authorized, r.Captured, r.Commission, r.Items[0].Commission = true, lira(100_00), lira(150_00), lira(3_00), lira(3_00)
		r.Items[0].Taken = lira(150_00)
		hold := r.Operations[0]
		hold.ID, hold.AskID, hold.Kind = 2, 2, connector.Authorize
		r.Operations[0].Kind, r.Operations[0].Amount = connector.Capture, lira(150_00)
		r.Operations[0].Reference, r.Operations[0].Original = "C", hold.Reference
		r.Operations = append(r.Operations, hold)
		r.Postings[0].Entries = r.Taken(r.Captured).Entries(3)
		wantFindings(t, r)
	})
	t.Run("postings_of_another_source_only_have_to_balance", func(t *testing.T) {
		t.Parallel()
		r := sold(1)
		adjustment := r.Postings[0]
		adjustment.ID, adjustment.Source = 99, ledger.Source{Kind: ledger.OfAdjustment, ID: 5, Event: "corrected"}
		r.Postings = append(r.Postings, adjustment)
		wantFindings(t, r)
		r.Postings[1].Entries = r.Postings[1].Entries[:1]
		wantFindings(t, r, ledger.PostingUnbalanced)
	})
	t.Run("every_state_but_those_of_the_operations_is_found", func(t *testing.T) {
		t.Parallel()
		for _, s := range ledger.States() {
			r := sold(1)
			if r.State == s {
				continue
			}
			r.State, r.HoldsOrder = s, false
			proof, err := ledger.Verify(t.Context(), one(r), func(ledger.Finding) {})
			if err != nil || proof.Findings == 0 {
				t.Errorf("%s: %+v, %v", s, proof, err)
			}
		}
	})
}

// one is a database of one payment.
type one ledger.Record

func (o one) Records(_ context.Context, after ledger.RecordKey, _ int) ([]ledger.Record, error) {
	if after.MerchantID > 0 {
		return nil, nil
	}
	return []ledger.Record{ledger.Record(o)}, nil
}

func (one) Strays(context.Context, ledger.StrayKind, ledger.Stray, int) ([]ledger.Stray, error) {
	return nil, nil
}

func (one) OtherPostings(context.Context, ledger.SourceKey, int) ([]ledger.Posting, error) {
	return nil, nil
}

func (one) SharedOrders(context.Context, ledger.Order, int) ([]ledger.Order, error) { return nil, nil }

func wantFindings(t *testing.T, r ledger.Record, want ...ledger.Rule) {
	t.Helper()
	var got []ledger.Finding
	if _, err := ledger.Verify(t.Context(), one(r), func(f ledger.Finding) { got = append(got, f) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("findings %v, want %v", got, want)
	}
	for i, f := range got {
		if f.Rule != want[i] {
			t.Errorf("finding %v, want %s", f, want[i])
		}
	}
}

var _ ledger.Reader = one{}
