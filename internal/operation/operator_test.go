package operation_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
)

// TestOperator settles by hand what no bank tells.
func TestOperator(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		unknown := func(t *testing.T) payment.Outcome {
			t.Helper()
			w.MisbehaveWith(t, `{"rate":1,"kinds":["http_500"],"inquiries":true}`)
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.Later(t, 30*time.Second)
			if waiting := w.Waiting(t, o); waiting {
				t.Fatal("an operation of half a minute waits for a person")
			}
			for range 3 {
				w.Later(t, 5*time.Minute)
			}
			if !w.Waiting(t, o) {
				t.Fatal("the operation does not wait for a person")
			}
			return o
		}
		resolve := func(o payment.Outcome, approved bool) operation.Resolve {
			return paymenttest.ByHand(o.Operation.ID, approved)
		}
		t.Run("approved_is_booked_once", func(t *testing.T) {
			o := unknown(t)
			done, err := w.Resolve(t.Context(), resolve(o, true))
			if err != nil || done.Replayed {
				t.Fatalf("%+v, %v", done, err)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Captured)
			again, err := w.Resolve(t.Context(), resolve(o, true))
			if err != nil || !again.Replayed || again.Payment.Version != done.Payment.Version {
				t.Errorf("repeated: version %d, %v", again.Payment.Version, err)
			}
			postings, err := w.Store.Postings(t.Context(), 1, o.Payment.ID)
			if err != nil || len(postings) != 1 {
				t.Errorf("%d postings, %v", len(postings), err)
			}
			_, err = w.Resolve(t.Context(), resolve(o, false))
			paymenttest.WantCode(t, err, fault.OperationSettled)
			if w.Waiting(t, o) {
				t.Error("it still waits")
			}
		})
		t.Run("declined_frees_the_order", func(t *testing.T) {
			o := unknown(t)
			if _, err := w.Resolve(t.Context(), resolve(o, false)); err != nil {
				t.Fatal(err)
			}
			if p := w.Now(t, o); p.State != payment.Declined || p.HoldsOrder {
				t.Errorf("%s, holds order %t", p.State, p.HoldsOrder)
			}
		})
		t.Run("resolver_that_was_quicker_wins", func(t *testing.T) {
			o := unknown(t)
			w.Misbehave(t)
			w.Later(t, 5*time.Minute)
			_, err := w.Resolve(t.Context(), resolve(o, true))
			paymenttest.WantCode(t, err, fault.OperationSettled)
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
		})
		t.Run("others_and_what_waits_for_nobody_are_not_found", func(t *testing.T) {
			o := unknown(t)
			c := resolve(o, true)
			c.MerchantID = 2
			_, err := w.Resolve(t.Context(), c)
			paymenttest.WantCode(t, err, fault.NoSuchThing)
			w.Misbehave(t)
			paid := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			_, err = w.Resolve(t.Context(), resolve(paid, false))
			paymenttest.WantCode(t, err, fault.NoSuchThing)
		})
	})
}

// TestOperator_completion settles by hand what became of a payer who came back.
func TestOperator_completion(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		for name, tt := range map[string]struct {
			approved bool
			state    payment.State
			sold     string
		}{
			"approved_is_booked": {true, payment.Captured, "-1000.00"},
			"declined_is_not":    {false, payment.Declined, ""},
		} {
			t.Run(name, func(t *testing.T) {
				e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
				w.MisbehaveWith(t, `{"rate":1,"kinds":["http_500"],"inquiries":true}`)
				o := w.MustComplete(t, e, r.SecurityKey)
				paymenttest.WantState(t, o.Payment, payment.Pending)
				for range 3 {
					w.Later(t, 5*time.Minute)
				}
				if !w.Waiting(t, o) {
					t.Fatal("the completion does not wait for a person")
				}
				w.Misbehave(t)
				done, err := w.Resolve(t.Context(), paymenttest.ByHand(o.Operation.ID, tt.approved))
				if err != nil {
					t.Fatal(err)
				}
				paymenttest.WantState(t, done.Payment, tt.state)
				if sums := w.WantBalanced(t, o); sums["sales"] != tt.sold {
					t.Errorf("ledger %v", sums)
				}
				if again := w.MustComplete(t, e, r.SecurityKey); again.Payment.State != tt.state {
					t.Errorf("completed again it is %s", again.Payment.State)
				}
				if w.Waiting(t, o) {
					t.Error("it still waits")
				}
			})
		}
	})
}

// TestOperator_refused_reversal: a payer has paid for nothing, and the bank does
// not give the money back.
func TestOperator_refused_reversal(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		for _, p := range w.Routes.POSes {
			w.Settings[p.ID] = map[string]string{"model": "3d_pay"}
		}
		refused := func(t *testing.T) (threeds.Enrolment, payment.Operation) {
			t.Helper()
			e, _ := w.Authenticated(t, w.Enrolment(t, paymenttest.KeepMoneyCard))
			w.Clock.Advance(31 * time.Minute)
			for range 8 {
				w.Clock.Advance(2 * time.Minute)
				w.RunJobs(t)
			}
			w.WantBank(t, e, "sale approved")
			all, err := w.UnknownOperations(t.Context(), 1, e.Operation.ID, 10)
			if err != nil || len(all) != 1 || all[0].Payment.ID != e.Payment.ID || all[0].Operation.Kind != connector.Void {
				t.Fatalf("%d operations wait, %v", len(all), err)
			}
			return e, all[0].Operation
		}
		t.Run("waits_until_the_money_was_given_back", func(t *testing.T) {
			e, o := refused(t)
			if !w.Now(t, e.Outcome).Unclear {
				t.Error("nobody is told that the bank holds the money")
			}
			_, err := w.Resolve(t.Context(), paymenttest.ByHand(o.ID, false))
			paymenttest.WantCode(t, err, fault.OperationSettled)
			for range 2 { // the second is a replay
				if _, err := w.Resolve(t.Context(), paymenttest.ByHand(o.ID, true)); err != nil {
					t.Fatal(err)
				}
			}
			if w.Waiting(t, payment.Outcome{Payment: e.Payment, Operation: o}) {
				t.Error("it still waits")
			}
			if w.Now(t, e.Outcome).Unclear {
				t.Error("the money is back, and looked after")
			}
			d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, e.Payment.UUID)
			if err != nil || d.Operations[0].Status != payment.OperationReversed {
				t.Errorf("operations %+v, %v", d.Operations, err)
			}
			before := len(d.Operations)
			w.Clock.Advance(time.Hour)
			w.RunJobs(t)
			if d, err = w.Detail(t.Context(), paymenttest.DemoMerchant, e.Payment.UUID); err != nil || len(d.Operations) != before {
				t.Errorf("the bank was asked again: %d operations, %v", len(d.Operations), err)
			}
			w.WantNothingBooked(t, e)
		})
	})
}

// seenStore lets something happen right after a waiting operation was read.
type seenStore struct {
	payment.Store
	meanwhile func()
}

func (s seenStore) EscalatedOperation(ctx context.Context, m id.Merchant, o id.Operation) (payment.Operation, error) {
	waiting, err := s.Store.EscalatedOperation(ctx, m, o)
	s.meanwhile()
	return waiting, err
}

// TestOperator_overtaken has a second person settle a refund while the first one's
// command reads: what the first would make of it is no sum that can be.
func TestOperator_overtaken(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		for name, tt := range map[string]struct {
			first, second bool
			want          fault.Code
		}{
			"by_the_same_word_is_a_replay":   {true, true, ""},
			"by_the_other_word_is_a_refusal": {true, false, fault.OperationSettled},
		} {
			t.Run(name, func(t *testing.T) {
				o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
				w.MisbehaveWith(t, `{"rate":1,"kinds":["reset_after_approve"],"inquiries":true}`)
				refund, err := w.TryRefund(t, o, "400.00")
				if err != nil {
					t.Fatal(err)
				}
				for range 3 {
					w.Later(t, 5*time.Minute)
				}
				w.Misbehave(t)
				overtaken := w.With(func(p *paymenttest.Parts) {
					p.Store = seenStore{Store: w.Store, meanwhile: func() {
						if _, err := w.Resolve(t.Context(), paymenttest.ByHand(refund.Operation.ID, tt.second)); err != nil {
							t.Error(err)
						}
					}}
				})
				again, err := overtaken.Resolve(t.Context(), paymenttest.ByHand(refund.Operation.ID, tt.first))
				if code := paymenttest.RefusalOf(err); code != tt.want || again.Replayed != (tt.want == "") {
					t.Errorf("code %q (%v), replayed %t", code, err, again.Replayed)
				}
			})
		}
	})
}

// TestResolver_overtaken has a person settle a refund while the resolver reads: it
// is booked once, and its sum is never counted twice.
func TestResolver_overtaken(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		w.MisbehaveWith(t, `{"rate":1,"kinds":["reset_after_approve"],"inquiries":true}`)
		refund, err := w.TryRefund(t, o, "600.00")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w.Later(t, 5*time.Minute)
		}
		w.Misbehave(t)
		d := w.Parts
		d.Store = readStore{Store: w.Store, first: sync.OnceFunc(func() {
			if _, err := w.Resolve(t.Context(), paymenttest.ByHand(refund.Operation.ID, true)); err != nil {
				t.Error(err)
			}
		})}
		w.Clock.Advance(5 * time.Minute)
		operation.NewResolver(d.Build().Operations).Round(t.Context())
		if p := w.Now(t, o); p.Refunded != paymenttest.Lira(t, "600.00") || !p.Refunding.IsZero() {
			t.Errorf("refunded %s, and %s under way", p.Refunded, p.Refunding)
		}
	})
}

// readStore lets something happen before a payment is read by its number.
type readStore struct {
	payment.Store
	first func()
}

func (r readStore) PaymentByID(ctx context.Context, m id.Merchant, p id.Payment) (payment.Payment, error) {
	r.first()
	return r.Store.PaymentByID(ctx, m, p)
}

// TestOperator_race lets a person and the resolver find out at the same moment: one
// of them settles, and what was taken is booked once.
func TestOperator_race(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		for round := range 6 {
			w.MisbehaveWith(t, `{"rate":1,"kinds":["reset_after_approve"],"inquiries":true}`)
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			for range 3 {
				w.Later(t, 5*time.Minute)
			}
			if !w.Waiting(t, o) {
				t.Fatal("the operation does not wait for a person")
			}
			w.Misbehave(t)
			w.Clock.Advance(5 * time.Minute)
			var both sync.WaitGroup
			both.Go(func() { w.Resolver.Round(t.Context()) })
			for range 2 {
				both.Go(func() {
					if _, err := w.Resolve(t.Context(), paymenttest.ByHand(o.Operation.ID, true)); err != nil && fault.CodeOf(err) != fault.OperationSettled {
						t.Errorf("round %d: %v", round, err)
					}
				})
			}
			both.Wait()
			paymenttest.WantState(t, w.Now(t, o), payment.Captured)
			if sums := w.WantBalanced(t, o); sums["sales"] != "-1000.00" {
				t.Errorf("round %d: ledger %v", round, sums)
			}
			if postings, err := w.Store.Postings(t.Context(), 1, o.Payment.ID); err != nil || len(postings) != 1 {
				t.Errorf("round %d: %d postings, %v", round, len(postings), err)
			}
		}
	})
}
