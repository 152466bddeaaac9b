package payment_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// TestOperator settles by hand what no bank tells.
func TestOperator(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		unknown := func(t *testing.T) payment.Outcome {
			t.Helper()
			w.misbehaveWith(t, `{"rate":1,"kinds":["http_500"],"inquiries":true}`)
			o := w.mustPay(t, w.order(t, goodCard))
			w.later(t, 30*time.Second)
			if waiting := w.waiting(t, o); waiting {
				t.Fatal("an operation of half a minute waits for a person")
			}
			for range 3 {
				w.later(t, 5*time.Minute)
			}
			if !w.waiting(t, o) {
				t.Fatal("the operation does not wait for a person")
			}
			return o
		}
		resolve := func(o payment.Outcome, approved bool) payment.Resolve {
			return payment.Resolve{
				MerchantID: 1, Actor: "user:1", Operation: o.Operation.ID, Approved: approved, BankReference: "RRN-1", Note: "by telephone",
			}
		}
		t.Run("approved_is_booked_once", func(t *testing.T) {
			o := unknown(t)
			done, err := w.Resolve(t.Context(), resolve(o, true))
			if err != nil || done.Replayed {
				t.Fatalf("%+v, %v", done, err)
			}
			wantState(t, w.now(t, o), payment.Captured)
			again, err := w.Resolve(t.Context(), resolve(o, true))
			if err != nil || !again.Replayed || again.Payment.Version != done.Payment.Version {
				t.Errorf("repeated: version %d, %v", again.Payment.Version, err)
			}
			postings, err := w.store.Postings(t.Context(), 1, o.Payment.ID)
			if err != nil || len(postings) != 1 {
				t.Errorf("%d postings, %v", len(postings), err)
			}
			_, err = w.Resolve(t.Context(), resolve(o, false))
			wantCode(t, err, fault.OperationSettled)
			if w.waiting(t, o) {
				t.Error("it still waits")
			}
		})
		t.Run("declined_frees_the_order", func(t *testing.T) {
			o := unknown(t)
			if _, err := w.Resolve(t.Context(), resolve(o, false)); err != nil {
				t.Fatal(err)
			}
			if p := w.now(t, o); p.State != payment.Declined || p.HoldsOrder {
				t.Errorf("%s, holds order %t", p.State, p.HoldsOrder)
			}
		})
		t.Run("resolver_that_was_quicker_wins", func(t *testing.T) {
			o := unknown(t)
			w.misbehave(t)
			w.later(t, 5*time.Minute)
			_, err := w.Resolve(t.Context(), resolve(o, true))
			wantCode(t, err, fault.OperationSettled)
			wantState(t, w.now(t, o), payment.Declined)
		})
		t.Run("others_and_what_waits_for_nobody_are_not_found", func(t *testing.T) {
			o := unknown(t)
			c := resolve(o, true)
			c.MerchantID = 2
			_, err := w.Resolve(t.Context(), c)
			wantCode(t, err, fault.NoSuchThing)
			w.misbehave(t)
			paid := w.mustPay(t, w.order(t, goodCard))
			_, err = w.Resolve(t.Context(), resolve(paid, false))
			wantCode(t, err, fault.NoSuchThing)
		})
	})
}

// waiting reports whether an operation waits for a person, and holds the count of
// all that do against it.
func (w *world) waiting(t *testing.T, o payment.Outcome) bool {
	t.Helper()
	all, err := w.UnknownOperations(t.Context(), 1, o.Operation.ID-1, 1)
	if err != nil {
		t.Fatal(err)
	}
	found := len(all) == 1 && all[0].Operation.ID == o.Operation.ID && all[0].Payment.ID == o.Payment.ID
	count, err := w.store.Waiting(t.Context())
	if err != nil || found && (count.Count == 0 || count.Oldest.IsZero()) {
		t.Errorf("count %+v, %v", count, err)
	}
	return found
}
